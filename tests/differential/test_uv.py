"""The order and the rejections of uv's wheel-variants preview are ours too."""

from __future__ import annotations

from pathlib import Path

import variantsel

from .random_metadata import SEED, random_cases
from .uv_peer import publish, uv_installs, uv_orders, uv_selections

CASES = 500


def test_static_properties_rank_as_in_uv(tmp_path: Path) -> None:
    cases = {f"case{number}": case for number, case in enumerate(random_cases(SEED + 2, CASES))}
    orders = uv_orders(
        {project: case.static_metadata() for project, case in cases.items()}, tmp_path
    )
    nobody = variantsel.Target.from_properties({})
    for project, case in cases.items():
        ranking = variantsel.rank(case.static_metadata(), nobody)
        labels = orders[project]
        assert ranking.labels == labels, str(case)
        assert set(ranking.rejected) == set(case.variants).difference(labels), str(case)


def test_uv_installs_what_it_logs_as_selected(tmp_path: Path) -> None:
    """What the other tests read from uv's log is what it does."""
    cases = {f"case{number}": case for number, case in enumerate(random_cases(SEED + 3, 60))}
    index = tmp_path / "index"
    publish(index, {project: case.static_metadata() for project, case in cases.items()})
    installed = uv_installs(list(cases), index, tmp_path / "target")
    assert installed == uv_selections(list(cases), index, {})
    assert len(set(installed.values())) > 5
