"""What pip's finder found of a project.

Fits pip 23.1 to 26.3: ``BestCandidateResult`` has ``applicable_candidates`` since 25.1, and
``iter_applicable()`` before.
"""

from __future__ import annotations

from typing import Any

__all__ = ["applicable_candidates"]


def applicable_candidates(result: Any) -> list[Any]:
    """The candidates of a ``BestCandidateResult``, worst first."""
    if hasattr(result, "applicable_candidates"):
        found: list[Any] = result.applicable_candidates
        return found
    return list(result.iter_applicable())
