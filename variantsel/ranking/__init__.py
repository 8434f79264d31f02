"""Which variants of a release fit a target, in which order, and why the others do not.

``reference`` is the rule; ``native/`` is the same rule in C, and ``matching`` whichever there is.
"""
