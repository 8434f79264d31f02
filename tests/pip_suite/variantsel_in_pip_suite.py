"""A pytest plugin for pip's own test suite: writes results down and, if asked, attaches variantsel.

Loaded with ``-p`` by ``run.py``, which sets the environment variables below.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(os.environ["PIP_SUITE_RESULTS"])
"""Where the outcome of every test is written, a JSON object a line."""

PLUGIN = os.environ.get("PIP_SUITE_PLUGIN")
"""The folder that variantsel was installed into; unset in the run without it."""

HOOK = "variantsel.pth"

if PLUGIN:
    # Unit tests call pip in this process; its modules are changed before a test imports them.
    sys.path.append(PLUGIN)
    from variantsel.pip_plugin.attach import attach

    attach()


def pytest_sessionstart() -> None:
    """Activate variantsel in the environment that every functional test gets a copy of."""
    if not PLUGIN:
        return
    folder = PLUGIN
    from tests.lib.venv import VirtualEnvironment

    create = VirtualEnvironment._create

    def create_activated(self: Any, clear: bool = False) -> None:
        create(self, clear)
        if not self._template:
            # The folder is named in a file of its own: pip's tests count what is in site-packages,
            # and variantsel and its dependencies would be listed if they were installed there.
            (self.site / "a-variantsel-path.pth").write_text(f"{folder}\n")
            (self.site / HOOK).write_text((Path(folder) / HOOK).read_text())

    VirtualEnvironment._create = create_activated


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Iterator[pytest.TestReport]:
    """Note the last line of a failure where the report is sent to the process that writes."""
    report: pytest.TestReport = yield
    if report.failed and call.excinfo is not None:
        lines = str(call.excinfo.value).strip().splitlines() or [""]
        report.user_properties.append(("failure", f"{call.excinfo.typename}: {lines[0]}"))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write one phase of one test down, in the process that collects them all."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    if report.when != "call" and report.passed:
        return
    entry = {
        "test": report.nodeid,
        "phase": report.when,
        "outcome": "xfailed" if hasattr(report, "wasxfail") else report.outcome,
        "failure": dict(report.user_properties).get("failure", ""),
    }
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(json.dumps(entry) + "\n")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write down a file that cannot be collected."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        entry = {"test": report.nodeid, "phase": "collect", "outcome": "failed", "failure": ""}
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(json.dumps(entry) + "\n")
