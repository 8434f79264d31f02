"""Which Python a folder of packages is for."""

from __future__ import annotations

import pytest

from variantsel import Target
from variantsel.selection.folder_python import folder_python

LINUX = "manylinux_2_28_aarch64"
ANY = ["py3-none-any"]
TARGET = Target.named("gh200").with_python("3.11")


@pytest.mark.parametrize(
    ("wheels", "python"),
    [
        ([], "CPython 3.11"),
        ([ANY, []], "CPython 3.11"),
        ([[f"cp312-cp312-{LINUX}"], ANY], "CPython 3.12"),
        ([[f"cp312-cp312-{LINUX}"], [f"cp313-cp313-{LINUX}"]], "CPython 3.13"),
        ([[f"cp312-cp312-{LINUX}"], [f"cp311-cp311-{LINUX}"]], "CPython 3.11"),
        ([[f"cp312-cp312-{LINUX}"]] * 2 + [[f"cp311-cp311-{LINUX}"]], "CPython 3.12"),
        ([[f"cp38-abi3-{LINUX}"]], "CPython 3.11"),
        ([[f"cp312-abi3-{LINUX}"], ANY], "CPython 3.12"),
        ([[f"cp312-none-{LINUX}"]], "CPython 3.12"),
        ([[f"cp312-abi3-{LINUX}"], [f"cp314-cp314-{LINUX}"]], "CPython 3.14"),
        ([[f"cp314-cp314t-{LINUX}"], ANY], "CPython 3.14 (free-threaded)"),
        ([["cp312-cp312-win_amd64"]], "CPython 3.12"),
        ([["cp399999-cp399999-any", "broken", "a-b", ""]], "CPython 3.11"),
        ([["pp310-pypy310_pp73-any"]], "CPython 3.11"),
    ],
)
def test_it_is_the_python_that_can_use_the_most_the_targets_first(
    wheels: list[list[str]], python: str
) -> None:
    assert str(folder_python(wheels, TARGET)) == python


def test_its_tags_are_those_of_the_machines_wheels_for_it() -> None:
    tags = folder_python([[f"cp314-cp314t-{LINUX}"]], TARGET).tags(TARGET.platforms)

    assert {f"cp314-cp314t-{LINUX}", "py3-none-any", f"py3-none-{LINUX}"} <= tags
    assert f"cp314-cp314-{LINUX}" not in tags
    assert folder_python([], TARGET).tags(TARGET.platforms) == {*map(str, TARGET.tags)}
