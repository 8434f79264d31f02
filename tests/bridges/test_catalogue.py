"""The bridges there are: ours, and the user's own, which replace or extend them."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version
from support.bridge_files import CUPY, SOURCE, TORCH

from variantsel.bridges import catalogue
from variantsel.bridges.catalogue import find_bridges, known_names
from variantsel.errors import InvalidBridge


@pytest.fixture(autouse=True)
def families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the folder of ours, whose files change with the indexes."""
    folder = tmp_path / "families"
    folder.mkdir()
    (folder / "torch.toml").write_text(TORCH)
    (folder / "cupy.toml").write_text(CUPY)
    nightly = TORCH.replace('bridge = "torch"\n', 'bridge = "torch-nightly"\nin-all = false\n')
    (folder / "torch-nightly.toml").write_text(nightly)
    monkeypatch.setattr(catalogue, "_FAMILIES", folder)
    for cached in (catalogue.shipped_names, catalogue.shipped_bridge):
        cached.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    yield
    for cached in (catalogue.shipped_names, catalogue.shipped_bridge):
        cached.cache_clear()


def names(*asked: str, **options: dict[str, str]) -> list[str]:
    return [bridge.name for bridge in find_bridges(asked, **options)]


def test_bridges_come_in_the_order_that_they_are_asked_for() -> None:
    assert names("torch", "cupy") == ["torch", "cupy"]
    assert names("cupy", "torch", "cupy") == ["cupy", "torch"]
    assert names() == []


def test_all_stands_for_those_that_do_not_say_otherwise() -> None:
    assert names("all") == ["cupy", "torch"]
    assert names("torch-nightly", "all") == ["torch-nightly", "cupy", "torch"]
    assert known_names() == ("cupy", "torch", "torch-nightly")


def test_a_name_that_there_is_not_is_an_error_with_the_nearest() -> None:
    with pytest.raises(InvalidBridge, match="there is no bridge 'trch'; did you mean 'torch'"):
        find_bridges(["trch"])
    with pytest.raises(InvalidBridge, match="there are cupy, torch, torch-nightly, all"):
        find_bridges(["zzz"])


def own(folder: Path, text: str, name: str = "torch") -> dict[str, str]:
    path = folder / "own.toml"
    path.write_text(text)
    return {name: str(path)}


def test_a_file_of_the_users_own_takes_the_place_of_ours(tmp_path: Path) -> None:
    files = own(tmp_path, TORCH.replace("cu132", "cu134").replace("PyTorch and", "Our PyTorch and"))
    (found,) = find_bridges(["torch"], files=files)
    assert found.about.startswith("Our PyTorch")
    assert "cu132" not in found.label_names
    assert names("all", files=files) == ["torch", "cupy"]


EXTENDING = f"""\
format = 1
bridge = "torch"
about = "PyTorch, with a newer CUDA"
extends = "torch"

[[label]]
label = "cu140"
platforms = ["linux-x86_64"]
needs = {{ nvidia = {{ cuda_version_lower_bound = ["14.0"] }} }}
{SOURCE}
[[default]]
projects = ["torch"]
versions = ">=2.16"
label = "cu140"
{SOURCE}"""


def test_a_file_that_extends_ours_comes_before_it(tmp_path: Path) -> None:
    (found,) = find_bridges(["torch"], files=own(tmp_path, EXTENDING))
    assert found.label_names[:2] == ("cu140", "cu132")
    assert found.label_of("torch", Version("2.16"), "", "linux-x86_64") == "cu140"
    assert found.label_of("torch", Version("2.15"), "", "linux-x86_64") == "cu132"
    assert found.page_of("cu140", "torch", "linux-x86_64").endswith("/whl/cu140/torch/")


def test_one_of_another_name_may_extend_ours(tmp_path: Path) -> None:
    text = EXTENDING.replace('bridge = "torch"', 'bridge = "mycorp"')
    assert names("mycorp", "torch", files=own(tmp_path, text, "mycorp")) == ["mycorp", "torch"]


def test_a_file_may_name_labels_of_what_it_extends_and_no_others(tmp_path: Path) -> None:
    known = EXTENDING.replace('versions = ">=2.16"\nlabel = "cu140"', 'label = "cu130"')
    (found,) = find_bridges(["torch"], files=own(tmp_path, known))
    assert found.label_of("torch", Version("2.16"), "", "linux-x86_64") == "cu130"
    unknown = EXTENDING.replace('versions = ">=2.16"\nlabel = "cu140"', 'label = "cu150"')
    with pytest.raises(InvalidBridge, match=r"own.toml:13: there is no \[\[label\]\] 'cu150'"):
        find_bridges(["torch"], files=own(tmp_path, unknown))


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("mycorp", EXTENDING, "own.toml: is the bridge 'torch', and was given as 'mycorp'"),
        (
            "torch",
            EXTENDING.replace('extends = "torch"', 'extends = "tortch"'),
            "own.toml: extends 'tortch', which there is not; did you mean 'torch'?",
        ),
        ("torch", "format = 9\n", "own.toml:1: format: expected 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    with pytest.raises(InvalidBridge) as caught:
        find_bridges([name], files=own(tmp_path, text, name))
    assert problem in str(caught.value)


def test_a_mirror_is_for_a_bridge_that_there_is_and_that_has_an_index() -> None:
    base = "https://mirror.example/whl"
    (found,) = find_bridges(["torch"], bases={"torch": base})
    assert found.page_of("cpu", "torch", "linux-x86_64") == f"{base}/cpu/torch/"
    with pytest.raises(InvalidBridge, match=r"bridges\.trch\.base: there is no such bridge; did"):
        find_bridges(["torch"], bases={"trch": base})
    with pytest.raises(InvalidBridge, match=r"bridges\.cupy\.base: the bridge cupy has no index"):
        find_bridges(["cupy"], bases={"cupy": base})


def test_ours_can_all_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in catalogue.shipped_names():
        assert catalogue.shipped_bridge(name).name == name
