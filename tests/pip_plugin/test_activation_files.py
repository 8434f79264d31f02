"""The start-up hook's files, whoever writes them at the same time."""

from __future__ import annotations

import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from variantsel.pip_plugin import activation


def test_a_python_that_starts_meanwhile_sees_the_hook_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    (tmp_path / "purelib").mkdir()
    paths = activation.activate()
    whole = [path.read_bytes() for path in paths]

    def activate_often() -> None:
        for _ in range(300):
            activation.activate()

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(activate_often) for _ in range(2)]
        seen = set()
        while not all(future.done() for future in running):
            seen.add(tuple(path.read_bytes() for path in paths))
    for future in running:
        future.result()
    assert seen == {tuple(whole)}
    assert sorted((tmp_path / "purelib").iterdir()) == sorted(paths)
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in paths)
