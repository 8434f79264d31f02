"""What the C extension is built from, and what of it others can see."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from support.repository import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCES = REPOSITORY / "variantsel" / "ranking" / "native"

native = pytest.importorskip(
    "variantsel.ranking._native", reason="the C extension was not built in this environment"
)


def test_source_distributions_hold_every_file() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    (extension,) = project["tool"]["setuptools"]["ext-modules"]
    for key, suffix in ("sources", "*.c"), ("depends", "*.h"):
        files = sorted(path.relative_to(REPOSITORY).as_posix() for path in SOURCES.glob(suffix))
        assert extension[key] == files


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("nm") is None, reason="needs nm")
def test_nothing_but_the_start_of_the_module_is_exported() -> None:
    command = ["nm", "-D", "--defined-only", native.__file__]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in listed.splitlines()}
    assert {name for name in names if not name.startswith("__")} == {"PyInit__native"}
