"""Running provider packages that the user trusts (providers draft, Providers, steps 5 and 6).

A package named by metadata is asked only when its name, version and files are in the user's trust
store, or its name in the configuration. It runs from an environment of its own, in a process of its
own. ``docs/security.md`` says what that promises and what it does not.

``plugins`` tells the story; ``trust_store`` is what the user agreed to, ``wheels`` fetches it,
``environment`` unpacks it, ``query`` asks it, ``supervisor``, ``worker`` and ``confinement`` are
the process it runs in, ``answer`` checks what comes back.
"""
