from __future__ import annotations

import pytest

from variantsel.selection.replaced_requirement import replaced_requirement


@pytest.mark.parametrize(
    "text",
    [
        "torch ; " + "(" * 400 + "os_name == 'posix'" + ")" * 400,
        "torch==" + "1" * 5000,
        "torch ; os_name == '" + "a" * 20_000 + "'",
    ],
    ids=["nested", "digits", "long"],
)
def test_what_is_deep_or_long_is_left_as_it_is(text: str) -> None:
    def replacement(*_: object) -> None:
        raise AssertionError("nothing is asked for in the place of what is not read")

    assert replaced_requirement(text, replacement, with_extras=True) == text
