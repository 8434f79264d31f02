"""The variants an environment holds, and ``variantsel list``."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.wheels import metadata, write_wheel

from variantsel.cli import main
from variantsel.errors import InvalidMetadata
from variantsel.formats.provider_info import ProviderInfo
from variantsel.selection.installed_variants import InstalledVariant
from variantsel.targets.namespace_support import NamespaceSupport
from variantsel.targets.rejection_kind import RejectionKind
from variantsel.targets.target import StaticProperties, Target

GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real", "90_real"]}}
DOCUMENT = metadata({"cuda12": GPU, "null": {}}, namespaces=["nvidia"])


def write_environment(folder: Path, labels: dict[str, str], document: Any = DOCUMENT) -> None:
    for name, label in labels.items():
        variant_json = document if label else None
        wheel = write_wheel(folder, name, "1.0", label=label, variant_json=variant_json)
        unpack(folder, wheel)


def unpack(folder: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder Python imports from: two variants and an ordinary package."""
    write_environment(tmp_path, {"torchlike": "cuda12", "Empty": "null", "plain": ""})
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_says_of_a_variant_json_that_is_not_utf8_that_it_cannot_be_used(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "Empty-1.0.dist-info" / "variant.json").write_bytes(b"\xff\xfe")
    assert main(["list", "--target", "gh200@12.8", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert [item["name"] for item in json.loads(printed.out)["variants"]] == ["torchlike"]
    assert "Empty 1.0: installed variant.json: byte 0 is not UTF-8" in printed.err


def test_a_version_of_thousands_of_digits_is_no_build_that_a_bridge_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    info = tmp_path / "torch-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {'1' * 5000}\n")
    monkeypatch.setenv("VARIANTSEL_BRIDGE", "torch")
    arguments = ["list", "--path", str(tmp_path), "--target", "h100", "--format", "json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["variants"] == []


@pytest.mark.usefixtures("site")
def test_list_prints_exactly_the_installed_variants_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "--target", "gh200@12.8", "--format", "json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["environment"], answer["target"]) == (sys.prefix, "gh200@12.8")
    fields = ("name", "version", "label", "properties", "fits", "reason", "unused", "tags")
    text = "leaves gh200@12.8's nvidia hardware unused."
    unused = {"kind": "unused", "wanted": [], "text": text}
    assert [tuple(item[field] for field in fields) for item in answer["variants"]] == [
        ("Empty", "1.0", "null", {}, True, unused, ["nvidia"], ["py3-none-any"]),
        ("torchlike", "1.0", "cuda12", GPU, True, None, [], ["py3-none-any"]),
    ]


@pytest.mark.usefixtures("site")
def test_list_shows_what_does_not_fit_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--target", "cpu-x86-64-v1"]) == 1
    assert [line.split(maxsplit=4) for line in capsys.readouterr().out.splitlines() if line] == [
        ["Machine:", "cpu-x86-64-v1"],
        ["PACKAGE", "VERSION", "VARIANT", "FITS", "BUILT FOR, OR WHY NOT"],
        ["Empty", "1.0", "null", "yes", "every machine"],
        [
            *("torchlike", "1.0", "cuda12", "no"),
            "it needs nvidia :: cuda_version_lower_bound :: 12.0, but the machine supports nothing "
            "in nvidia.",
        ],
        ["'pip", "install", "--upgrade", "torchlike'", "takes what fits."],
    ]


def test_list_notes_metadata_it_cannot_read(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "torchlike-1.0.dist-info" / "variant.json").write_text("{")
    assert main(["list", "--target", "gh200"]) == 3
    shown = capsys.readouterr()
    assert "torchlike" not in shown.out
    assert shown.err.startswith("note: torchlike 1.0: installed variant.json: ")


def listed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The rows of the table, a cell each."""
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split(maxsplit=4) for line in lines if line and not line.startswith(("'", "M"))]
    return rows[1:]


@pytest.mark.parametrize(
    ("version", "requires", "idle"),
    [
        ("2.12.0+cpu", (), True),
        ("2.12.0", ("nvidia-cublas; platform_machine == 'x86_64'",), True),
        ("2.12.0+cu130", (), False),
        ("2.12.0", ("nvidia-cublas",), False),
        ("2.12.0", (), False),
    ],
)
def test_list_shows_a_cpu_build_without_variants_on_a_machine_with_an_accelerator(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    requires: tuple[str, ...],
    idle: bool,
) -> None:
    unpack(tmp_path, write_wheel(tmp_path, "torch", version, requires=requires))
    options = ["list", "--target", "gh200", "--path", str(tmp_path)]
    assert main(options) == (3 if idle else 0)
    row = ["torch", version, "-", "idle", "it leaves gh200@12.8's nvidia hardware unused."]
    assert listed(capsys) == ([row] if idle else [])
    assert main([*options[:2], "cpu-x86-64-v1", *options[3:]]) == 0
    capsys.readouterr()
    assert main([*options, "--format", "json"]) == (3 if idle else 0)
    answer = json.loads(capsys.readouterr().out)
    assert answer["variants"] == []
    assert [item["unused"] for item in answer["others"]] == ([["nvidia"]] if idle else [])


@pytest.mark.parametrize("setting", ["VARIANTSEL_TAKE", "VARIANTSEL_OFF"])
def test_what_the_user_asked_for_is_not_idle(
    site: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(setting, {"VARIANTSEL_TAKE": "Empty=null"}.get(setting, "Empty"))
    assert main(["list", "--target", "gh200", "--path", str(site)]) == 0


def test_list_looks_at_the_tags_of_what_a_folder_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = tmp_path / "layer"
    for name, label, tag in (
        ("right", "cuda12", "cp312-cp312-manylinux_2_28_aarch64"),
        ("wrong", "cuda12", "cp312-cp312-manylinux_2_28_x86_64"),
        ("ordinary", "", "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("pure", "", "py3-none-any"),
    ):
        document = DOCUMENT if label else None
        wheel = write_wheel(tmp_path, name, "1.0", label=label, variant_json=document, tag=tag)
        unpack(layer, wheel)
    assert main(["list", "--target", "gh200", "--path", str(layer)]) == 1
    names_and_words = {row[0]: (row[3], row[4]) for row in listed(capsys) if len(row) == 5}
    assert names_and_words["right"][0] == "yes"
    assert names_and_words["wrong"] == (
        "no",
        "it was installed from a wheel for cp312-cp312-manylinux_2_28_x86_64, which gh200@12.8 "
        "with CPython 3.12 does not take.",
    )
    assert names_and_words["ordinary"] == (
        "no",
        "it was installed from a wheel for cp39-abi3-manylinux_2_17_x86_64 or "
        "cp39-abi3-manylinux2014_x86_64, which gh200@12.8 with CPython 3.12 does not take.",
    )
    assert "pure" not in names_and_words


def test_a_variant_for_another_python_does_not_fit_this_environment(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel_file = site / "torchlike-1.0.dist-info" / "WHEEL"
    wheel_file.write_text("Wheel-Version: 1.0\nTag: cp38-cp38-win32\n")
    assert main(["list", "--target", "gh200"]) == 1
    shown = capsys.readouterr().out
    assert "no    it was installed from a wheel for cp38-cp38-win32, which" in shown
    assert "'pip install --force-reinstall torchlike' takes what fits." in shown


def test_reasons_in_json_have_parts(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--target", "cpu-x86-64-v1", "--format", "json"]) == 1
    _, torchlike = json.loads(capsys.readouterr().out)["variants"]
    assert (torchlike["fits"], torchlike["unused"]) == (False, [])
    parts = ("kind", "namespace", "wanted", "supported")
    assert [torchlike["reason"][part] for part in parts] == ["namespace", "nvidia", ["12.0"], []]
    (site / "torchlike-1.0.dist-info" / "WHEEL").write_text("Tag: cp38-cp38-win32\n")
    assert main(["list", "--target", "gh200", "--format", "json"]) == 1
    _, torchlike = json.loads(capsys.readouterr().out)["variants"]
    reason = torchlike["reason"]
    assert (reason["kind"], reason["wanted"]) == ("tags", ["cp38-cp38-win32"])


def test_a_folder_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--path", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is no folder" in capsys.readouterr().err


def test_metadata_of_several_labels_is_no_installed_variant() -> None:
    with pytest.raises(InvalidMetadata, match="expected exactly one"):
        InstalledVariant.read("torchlike", "1.0", json.dumps(DOCUMENT))


class Answers(StaticProperties):
    """Says nothing is supported, for a given reason."""

    def __init__(self, absence: RejectionKind, detail: str) -> None:
        super().__init__({})
        self._answer = NamespaceSupport({}, absence, detail)

    def support(self, namespace: str, provider: ProviderInfo) -> NamespaceSupport:
        del namespace, provider
        return self._answer


@pytest.mark.parametrize(
    ("absence", "detail", "expected"),
    [
        (RejectionKind.NAMESPACE, "", True),
        (RejectionKind.NAMESPACE, "the driver crashed", False),
        (RejectionKind.UNTRUSTED, "", False),
        (RejectionKind.OPTIONAL, "", False),
    ],
)
def test_only_what_is_known_not_to_fit_is_a_misfit(
    absence: RejectionKind, detail: str, expected: bool
) -> None:
    own = dict(DOCUMENT, variants={"cuda12": GPU})
    variant = InstalledVariant.read("torchlike", "1.0", json.dumps(own))
    target = Target("a machine", Answers(absence, detail))
    assert variant.misfit(target) is not None
    assert variant.is_known_to_misfit(target) is expected
