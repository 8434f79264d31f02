"""What the exit code of a command says."""

__all__ = ["BROKEN_PIPE", "DONE", "FAILED", "INTERRUPTED", "NEGATIVE", "UNUSED"]

DONE = 0
NEGATIVE = 1
"""It was done, and the answer is no: no variant is compatible, an installed one does not fit,
the plugin is not active, nobody agreed."""
FAILED = 2
UNUSED = 3
"""Everything that is installed fits, and something of it leaves an accelerator unused."""
INTERRUPTED = 130
BROKEN_PIPE = 141
