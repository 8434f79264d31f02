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
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder Python imports from: two variants and an ordinary package."""
    write_environment(tmp_path, {"torchlike": "cuda12", "Empty": "null", "plain": ""})
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("site")
def test_list_prints_exactly_the_installed_variants_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "--target", "gh200@12.8", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["environment"], answer["target"]) == (sys.prefix, "gh200@12.8")
    fields = ("name", "version", "label", "properties", "fits", "reason")
    assert [tuple(item[field] for field in fields) for item in answer["variants"]] == [
        ("Empty", "1.0", "null", {}, True, None),
        ("torchlike", "1.0", "cuda12", GPU, True, None),
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
    assert main(["list", "--target", "gh200"]) == 0
    shown = capsys.readouterr()
    assert "torchlike" not in shown.out
    assert shown.err.startswith("note: torchlike 1.0: installed variant.json: ")


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
