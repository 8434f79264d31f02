"""The process in which ``large_page.py`` measures: pip's inside, as it is or with the plugin.

    python -m benchmarks.large_page_worker (pip | "pip with the plugin") PAGE ORDINARY_PAGE \\
        WARM_UP_PAGE WARM_UP_ORDINARY_PAGE

Answers one line for each line it reads: the processor seconds that something took, or the wheel it
chose. Every answer is found by a child that is forked for it: what is loaded on first use is there,
since the parent went the way once with other pages, and nothing is remembered of earlier answers.
"""

from __future__ import annotations

import cProfile
import gc
import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from packaging.version import Version

import variantsel
from variantsel.pip_plugin.startup import watch_for_pip

__all__ = ["METADATA_NAME", "PAGE_NAMES", "PROJECT", "choose_with_library"]

PROJECT = "crowded"
METADATA_NAME = PROJECT + "-{version}-variants.json"
PAGE_NAMES = {"HTML": "index.html", "JSON": "index.json"}
_CONTENT_TYPES = {".html": "text/html", ".json": "application/vnd.pypi.simple.v1+json"}


def main(which: str, *pages: Path) -> None:
    """Answer until there are no more questions.

    :param pages: one of variants, one of as many ordinary wheels, and both again to warm up with.
    """
    logging.disable()
    if which == "pip with the plugin":
        watch_for_pip()
    target = variantsel.Target.host()
    questions = _questions(target, *pages[:2])
    for question, answer in _questions(target, *pages[2:]).items():
        if question != "profile":
            answer()
    for line in sys.stdin:
        _answer_in_child(questions[line.strip()])


def _answer_in_child(answer: Callable[[], Any]) -> None:
    child = os.fork()
    if child == 0:
        try:
            print(answer(), flush=True)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _questions(
    target: variantsel.Target, page: Path, ordinary_page: Path
) -> dict[str, Callable[[], Any]]:
    pip, pip_ordinary = _Pip(page), _Pip(ordinary_page)
    return {
        "parse": lambda: _seconds(pip.parse),
        "choose": lambda: _seconds(pip.choose),
        "choose ordinary": lambda: _seconds(pip_ordinary.choose),
        "library": lambda: _seconds(lambda: choose_with_library(page, target)),
        "chosen": pip.choose,
        "chosen by the library": lambda: choose_with_library(page, target),
        "profile": lambda: _profile(pip.choose),
    }


def choose_with_library(page: Path, target: variantsel.Target) -> str:
    """The way from a page to a wheel through the public API: the newest version, its best variant,
    and of that variant the wheel whose tags fit best."""
    names = _listed(page)
    version = max({name.split("-")[1] for name in names if name.endswith(".whl")}, key=Version)
    prefix = f"{PROJECT}-{version}-"
    wheels = [
        variantsel.WheelName.parse(name)
        for name in names
        if name.startswith(prefix) and name.endswith(".whl")
    ]
    position = {tag: index for index, tag in enumerate(target.tags)}
    fitting: dict[str, list[tuple[int, str]]] = {}
    for wheel in wheels:
        found = [position[tag] for tag in wheel.tags if tag in position]
        if found:
            fitting.setdefault(wheel.label, []).append((min(found), wheel.filename))
    metadata = page.with_name(METADATA_NAME.format(version=version)).read_bytes()
    ranking = variantsel.rank(metadata, target)
    best = next(label for label in ranking.labels if label in fitting)
    return min(fitting[best])[1]


def _listed(page: Path) -> list[str]:
    content = page.read_bytes()
    if page.suffix == ".json":
        return [file["filename"] for file in json.loads(content)["files"]]
    anchors = _Anchors()
    anchors.feed(content.decode())
    return anchors.names


class _Anchors(HTMLParser):
    """Collects the file names that a page's links end in."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            url = dict(attrs)["href"] or ""
            self.names.append(url.partition("#")[0].rpartition("/")[2])


class _Pip:
    """pip's inside, given a page's bytes where it would fetch the page."""

    def __init__(self, page: Path) -> None:
        from pip._internal.index.collector import LinkCollector
        from pip._internal.models.search_scope import SearchScope
        from pip._internal.network.session import PipSession

        self._page = page
        self._collector = LinkCollector(
            PipSession(), SearchScope.create([], [page.parent.parent.as_uri()], no_index=False)
        )
        self._collector.fetch_response = lambda *_, **__: self._content()

    def _content(self) -> Any:
        from pip._internal.index.collector import IndexContent

        return IndexContent(
            self._page.read_bytes(),
            _CONTENT_TYPES[self._page.suffix],
            "utf-8",
            self._page.as_uri(),
            cache_link_parsing=False,
        )

    def parse(self) -> None:
        """From the page's bytes to its links."""
        from pip._internal.index.collector import parse_links

        list(parse_links(self._content()))

    def choose(self) -> str:
        """From the page's bytes to the wheel that would be taken, empty where there is none."""
        from pip._internal.exceptions import DistributionNotFound
        from pip._internal.index.package_finder import PackageFinder
        from pip._internal.models.selection_prefs import SelectionPreferences
        from pip._internal.req.constructors import install_req_from_line

        finder = PackageFinder.create(self._collector, SelectionPreferences(allow_yanked=False))
        try:
            found = finder.find_requirement(install_req_from_line(PROJECT), upgrade=False)
        except DistributionNotFound:
            return ""  # pip without the plugin: every wheel on the page is a variant
        return found.link.filename if found else ""


def _profile(function: Callable[[], object]) -> str:
    """The name of a file of statistics for :mod:`pstats`."""
    descriptor, name = tempfile.mkstemp(".prof")
    os.close(descriptor)
    profiler = cProfile.Profile()
    profiler.runcall(function)
    profiler.dump_stats(name)
    return name


def _seconds(function: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()  # nothing here waits: other programs are left out
        function()
        return time.process_time() - started
    finally:
        gc.enable()


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
