"""Asking providers what a machine supports: variantsel's own, and packages that the user trusts.

``host`` tells the story. One of ours runs in a process of its own (``provider_process``), and what
it answers is kept for one boot (``answer_cache``).

A package named by metadata (providers draft, Providers, steps 5 and 6) is asked only when its name,
version and files are in the user's trust store, or its name in the configuration. It runs from an
environment of its own, in a process of its own; ``docs/security.md`` says what that promises, and
what not. ``plugins`` tells that story; ``trust_store`` is what the user agreed to, with one plugin
(``entry_point``), ``choice`` what a release asks for of it, ``ownership`` whether another user
could change it; ``wheels`` fetches it, ``environment`` unpacks it, ``query`` asks it, ``answer``
checks what comes back, ``memory`` keeps it.

Three kinds of process are between: ``supervisor`` watches, ``attendant`` sets up, ``worker`` asks.
What the package is kept from is ``confinement``, made of ``namespaces``, ``file_view`` (what it
sees of files there), ``landlock``, ``system_call_filter``, ``privileges`` (of root),
``task_limit`` and ``control_group``; ``reachable`` and ``devices`` are what it may read and open.
``promises`` says what this machine's kernel leaves out.

``check`` is for who writes a provider: whether it keeps to the plugin interface.
"""
