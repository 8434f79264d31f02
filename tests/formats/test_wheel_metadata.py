from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from support.wheels import metadata, write_wheel

from variantsel import InvalidMetadata
from variantsel.formats.wheel_metadata import read_wheel_metadata

DOCUMENT = metadata({"one": {"nvidia": {"sm_arch": ["90_real"]}}}, namespaces=["nvidia"])


def test_a_wheels_own_metadata_is_read(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "pkg", "1.0", label="one", variant_json=DOCUMENT)
    assert list(read_wheel_metadata(wheel).variants) == ["one"]
    with wheel.open("rb") as file:
        assert list(read_wheel_metadata(file).variants) == ["one"]


def test_a_wheel_without_variant_json_is_an_error_that_names_it(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "pkg", "1.0")
    with pytest.raises(InvalidMetadata, match=r"pkg-1.0-py3-none-any.whl: found 0 files"):
        read_wheel_metadata(wheel)


def test_broken_json_in_a_wheel_names_the_wheel_and_the_file(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "pkg", "1.0", label="one", variant_json="{")
    with pytest.raises(InvalidMetadata, match=r"pkg-1.0.*\.whl: variant.json: not JSON"):
        read_wheel_metadata(wheel)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip"])
def test_what_is_no_wheel_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pkg-1.0-py3-none-any-one.whl"
    path.write_bytes(content)
    with pytest.raises(InvalidMetadata, match="not a readable wheel"):
        read_wheel_metadata(path)


def test_a_huge_variant_json_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0-py3-none-any-one.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg-1.0.dist-info/variant.json", b" " * 50_000_000)
    with pytest.raises(InvalidMetadata, match="larger than 32 MiB"):
        read_wheel_metadata(path)
