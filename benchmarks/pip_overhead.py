"""What does the plugin cost pip, and what does its start-up hook cost every Python?

Two environments with the same pip: one has nothing else, in the other variantsel is installed and
active. ``pip install --dry-run`` against an index on this machine, in turns:

(a) nothing on the index has variants: a package with ten dependencies;
(b) the package has 50 variants, for what the CPU's and NVIDIA's providers support. A machine's
    first run asks its providers; the runs after it are what is compared.

And ``python -c pass``, with and without the hook. Processor time, which other programs disturb
less, stands beside the time on the clock; the reaches are about the latter.
"""

from __future__ import annotations

import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.environments import Environment, create_environment
from support.wheels import metadata, write_release, write_wheel

from benchmarks import REPOSITORY
from benchmarks.measurement import Difference, Times, in_turns
from benchmarks.page_server import serve
from benchmarks.profiling import profile_table
from benchmarks.report import Options, Reach, Report, Table, run_alone, seconds

__all__ = ["measure", "run"]

QUESTION = "pip with and without the plugin; Python's start-up with and without the hook."

PIP = "26.3"
DEPENDENCIES = 10
VARIANTS = 50


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, pip_rounds=9, startup_rounds=60)
    return measure(options, pip_rounds=60, startup_rounds=600)


def measure(options: Options, *, pip_rounds: int, startup_rounds: int) -> Report:
    """Measure, each so many times with and without."""
    report = Report("pip_overhead", QUESTION, options)
    with tempfile.TemporaryDirectory() as folder:
        plain, active = _environments(Path(folder))
        index = Path(folder) / "index"
        _write_index(index)
        with serve(index) as url:
            first_run = _pip(active, url, "crowded")()
            found = {
                "pip, (a) nothing has variants": _with_and_without(
                    _pip(plain, url, "plain"), _pip(active, url, "plain"), pip_rounds
                ),
                "pip, (b) the package has 50": _with_and_without(
                    _pip(plain, url, "crowded"), _pip(active, url, "crowded"), pip_rounds
                ),
            }
            profiles = [
                _profile(active, url, package, f"Where the plugin's time goes: {what}")
                for package, what in (("plain", "(a)"), ("crowded", "(b)"))
            ]
        found["python -c pass"] = _with_and_without(_python(plain), _python(active), startup_rounds)
    table = Table(
        "Medians, and the median difference with its 95 % confidence interval",
        ("what", "without", "with", "difference", "from", "to", "relative"),
    )
    for what, cost in found.items():
        for kind, one in (("", cost.clock), (": processor time", cost.processor)):
            low, high = one.difference.interval
            times = one.without.median, one.with_.median, one.difference.median, low, high
            relative = one.difference.median / one.without.median
            table.add(f"{what}{kind}", *map(seconds, times), f"{relative:+.1%}")
            report.numbers[f"{what}{kind}"] = one.to_dict()
    report.tables.append(table)
    report.numbers["first_run_s"] = first_run
    report.notes.append(
        f"(b): the machine's first run, which asks the providers, took {seconds(first_run)}"
    )
    report.reaches += _reaches(found)
    if report.wants_profile:
        report.profiles += profiles
    return report


@dataclass(frozen=True)
class _Pair:
    """The same, without the plugin and with it."""

    without: Times
    with_: Times

    @property
    def difference(self) -> Difference:
        return Difference.between(self.with_, self.without)

    def to_dict(self) -> dict[str, Any]:
        return {
            "without": self.without.to_dict(),
            "with": self.with_.to_dict(),
            "difference": self.difference.to_dict(),
        }


@dataclass(frozen=True)
class _Cost:
    """Seconds on the clock, and seconds of a processor."""

    clock: _Pair
    processor: _Pair


def _reaches(found: dict[str, _Cost]) -> list[Reach]:
    a, b, startup = (cost.clock for cost in found.values())
    return [
        _reach("pip, (a): more wall time", a, 100 / a.without.median, 2, " %"),
        _reach("pip, (b): more wall time", b, 1000, 40, " ms"),
        _reach("python -c pass: more wall time", startup, 1000, 0.5, " ms"),
    ]


def _reach(what: str, pair: _Pair, factor: float, limit: float, unit: str) -> Reach:
    low, high = pair.difference.interval
    measured = factor * pair.difference.median
    return Reach(what, measured, limit, unit, interval=(factor * low, factor * high))


def _environments(folder: Path) -> tuple[Environment, Environment]:
    """One with pip alone, one with variantsel, built from this checkout, installed and active."""
    with ThreadPoolExecutor() as pool:
        plain = pool.submit(create_environment, folder / "plain", PIP)
        active = create_environment(folder / "active", PIP, str(_built_wheel(folder / "wheel")))
    activated = active.run("-m", "variantsel", "activate")
    if activated.returncode != 0:
        raise RuntimeError(activated.stderr)
    return plain.result(), active


def _built_wheel(folder: Path) -> Path:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    built = subprocess.run(
        [*build, str(folder), str(REPOSITORY)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        raise RuntimeError(built.stderr)
    return next(folder.glob("variantsel-*.whl"))


def _write_index(folder: Path) -> None:
    names = [f"needed{number}" for number in range(DEPENDENCIES)]
    for name in names:
        write_wheel(folder / name, name, "1.0")
    write_wheel(folder / "plain", "plain", "1.0", requires=names)
    variants = {
        **{f"cuda{number}": {"nvidia": {"sm_arch": [f"{number}_real"]}} for number in range(1, 31)},
        **{
            f"cpu{number}": {"x86_64": {"level": [f"v{number % 4 + 1}"]}} for number in range(1, 20)
        },
        "null": {},
    }
    assert len(variants) == VARIANTS
    write_release(folder / "crowded", "crowded", "1.0", metadata(variants), non_variant=True)


def _with_and_without(
    without: Callable[[], float], with_: Callable[[], float], rounds: int
) -> _Cost:
    processor: dict[str, list[float]] = {"without": [], "with": []}

    def watched(name: str, action: Callable[[], float]) -> Callable[[], float]:
        def run() -> float:
            before = _processor_time()
            elapsed = action()
            processor[name].append(_processor_time() - before)
            return elapsed

        return run

    actions = {"without": watched("without", without), "with": watched("with", with_)}
    in_turns(actions, 2)  # bytecode is compiled, files come into the page cache
    times = in_turns(actions, rounds)
    last = {name: Times(runs[-rounds:]) for name, runs in processor.items()}
    return _Cost(_Pair(times["without"], times["with"]), _Pair(last["without"], last["with"]))


def _processor_time() -> float:
    """What the child processes that ended so far have used, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _pip(environment: Environment, url: str, package: str) -> Callable[[], float]:
    arguments = ("install", "--dry-run", "--index-url", url, package)

    def action() -> float:
        started = time.perf_counter()
        process = environment.pip(*arguments)
        elapsed = time.perf_counter() - started
        if process.returncode != 0:
            raise RuntimeError(process.stderr)
        return elapsed

    return action


_PROFILE = """
import cProfile, runpy, sys
from variantsel.pip_plugin.startup import watch_for_pip
profiler = cProfile.Profile()
profiler.enable()
watch_for_pip()
path, sys.argv[:] = sys.argv[1], ["pip", *sys.argv[2:]]
try:
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
finally:
    profiler.disable()
    profiler.dump_stats(path)
"""


def _profile(environment: Environment, url: str, package: str, title: str) -> Table:
    path = environment.folder / "pip.prof"
    arguments = ("install", "--dry-run", "--index-url", url, package)
    process = environment.run("-c", _PROFILE, str(path), *arguments)
    if process.returncode != 0:
        raise RuntimeError(process.stderr)
    return profile_table(title, pstats.Stats(str(path)), only="variantsel")


def _python(environment: Environment) -> Callable[[], float]:
    command = [str(environment.python), "-c", "pass"]
    variables = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}

    def action() -> float:
        started = time.perf_counter()
        subprocess.run(command, env=variables, check=True)
        return time.perf_counter() - started

    return action


if __name__ == "__main__":
    run_alone(run)
