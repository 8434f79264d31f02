"""Wheel names beyond the vectors: the errors' text, and splitting off the label."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import variantsel
from variantsel import InvalidWheelName, WheelName
from variantsel.formats.wheel_label import split_label
from variantsel.formats.wheel_name import parse_index_metadata_name


def test_a_wheel_name_prints_as_it_was_given() -> None:
    name = "Foo_Bar-1.0-py3-none-any-null.whl"
    assert str(WheelName.parse(name)) == name


def test_only_names_with_a_label_are_variants() -> None:
    assert WheelName.parse("pkg-1.0-py3-none-any-null.whl").is_variant
    assert not WheelName.parse("pkg-1.0-py3-none-any.whl").is_variant


def test_equal_names_are_equal_and_hash_alike() -> None:
    first, second = (WheelName.parse("pkg-1.0-py3-none-any-x.whl") for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != WheelName.parse("pkg-1.0-py3-none-any-y.whl")


@pytest.mark.parametrize(
    ("filename", "found"),
    [
        ("pkg-1.0-3py-none-any.whl", "'3py' starts with a digit"),
        ("pkg-1.0-1-3py-none-any-null.whl", "'3py' starts with a digit"),
        ("pkg-1.0-py3-none-any-CUDA.whl", "is not the name of a wheel"),
        ("pkg-not.a.version-py3-none-any.whl", "is not the name of a wheel"),
        ("pkg.whl", "is not the name of a wheel"),
        ("", "is not the name of a wheel"),
    ],
)
def test_an_invalid_name_is_quoted_with_what_was_expected(filename: str, found: str) -> None:
    with pytest.raises(InvalidWheelName) as caught:
        WheelName.parse(filename)
    message = str(caught.value)
    assert repr(filename) in message
    assert found in message
    assert "NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM(-LABEL)?.whl" in message


def test_an_invalid_metadata_file_name_is_quoted_with_what_was_expected() -> None:
    with pytest.raises(
        InvalidWheelName, match=r"'torch-variants\.json'.*NAME-VERSION-variants\.json"
    ):
        parse_index_metadata_name("torch-variants.json")


@pytest.mark.parametrize(
    ("filename", "base", "label"),
    [
        ("pkg-1.0-py3-none-any-x.whl", "pkg-1.0-py3-none-any.whl", "x"),
        ("pkg-1.0-1-py3-none-any-x.whl", "pkg-1.0-1-py3-none-any.whl", "x"),
        ("pkg-1.0-1-py3-none-any.whl", "pkg-1.0-1-py3-none-any.whl", ""),
        ("pkg-1.0-py3-none-any.whl", "pkg-1.0-py3-none-any.whl", ""),
    ],
)
def test_the_label_is_split_off_a_wheel_name(filename: str, base: str, label: str) -> None:
    assert split_label(filename) == (base, label)


@pytest.mark.parametrize(
    "filename",
    [
        "pkg-1.0.tar.gz",
        "pkg-1.0-variants.json",
        "pkg-1.0-py3-none-any-x.whl.metadata",
        "pkg-1.0-py3-none-any-X.whl",
        "pkg-1.0-py3-none-any-.whl",
        "pkg-1.0-py3-none-any-x-y.whl",
        "pkg-1.0-py3-none-any-\u0663.whl",
        "-----.whl",
        "------.whl",
        "-----",
        ".whl",
        "",
    ],
)
def test_whatever_is_no_variant_wheel_is_left_as_it_is(filename: str) -> None:
    assert split_label(filename) == (filename, "")


def test_splitting_labels_imports_nothing() -> None:
    package = Path(variantsel.__file__).parent.parent
    script = (
        f"import sys; sys.path.insert(0, {str(package)!r}); import __future__, typing; "
        "before = set(sys.modules); import variantsel.formats.wheel_label; "
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [
        "variantsel",
        "variantsel.formats",
        "variantsel.formats.wheel_label",
    ]
