"""``--into`` a folder that holds something already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"]}}
GPU = metadata({"cuda13": CUDA13, "cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
TOOL = {
    "{info}/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
    "{data}/scripts/old-script": "#!python\n",
    "tool_data/old/module.py": "",
}
DEEP = [f"runtime{n}; variant_label == 'cuda{n}'" for n in (12, 13)]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    write_release(folder / "gpu", "gpu", "1.0", GPU)
    write_wheel(folder / "tool", "tool", "1.0", extra_files=TOOL)
    write_wheel(folder / "tool", "tool", "2.0", module="NEW = True\n")
    for name, version in (("maths", "1.0"), ("maths", "2.0"), ("nets", "1.0")):
        files = {f"maker/{name}/lib.py": f"{version}\n", "maker/shared.txt": f"{name} {version}\n"}
        write_wheel(folder / name, name, version, extra_files=files)
    write_release(folder / "deep", "deep", "1.0", GPU, requires=DEEP)
    write_wheel(folder / "runtime12", "runtime12", "1.0", requires=["tables12", "shared"])
    write_wheel(folder / "runtime13", "runtime13", "1.0", requires=["Shared>=1"])
    for name in ("tables12", "shared"):
        write_wheel(folder / name, name, "1.0")
    with serve(Index(folder)) as index:
        yield index


def fill(
    environment: Environment, index: Index, layer: Path, *requirements: str, target: str = "gb200"
) -> Any:
    result = environment.run(
        *("-m", "variantsel", "pip", "--target", target, "install", "--python-version", "3.12"),
        *("--index-url", index.url, "--into", str(layer), *requirements),
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def filled(*arguments: Any, **options: Any) -> Any:
    result = fill(*arguments, **options)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    return result


def files(layer: Path) -> set[str]:
    return {str(path.relative_to(layer)) for path in layer.rglob("*") if not path.is_dir()}


def test_the_build_for_another_driver_replaces_the_one_that_is_there(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    filled(environment, index, layer, "gpu", target="gb200@12.8")
    assert (layer / "gpu.py").read_text() == "LABEL = 'cuda12'\n"
    result = filled(environment, index, layer, "gpu", target="gb200@13.0")
    assert (layer / "gpu.py").read_text() == "LABEL = 'cuda13'\n"
    own = json.loads((layer / "gpu-1.0.dist-info" / "variant.json").read_text())
    assert list(own["variants"]) == ["cuda13"]
    assert f"Replaced in {layer}: gpu 1.0" in result.stdout


def test_another_version_leaves_nothing_of_the_one_that_was_there(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    layer, fresh = tmp_path / "layer", tmp_path / "fresh"
    filled(environment, index, layer, "tool==1.0")
    assert {"bin/tool", "bin/old-script", "tool_data/old/module.py"} <= files(layer)
    compiled = layer / "tool_data" / "old" / "__pycache__" / "module.cpython-312.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"as the machine leaves it")
    filled(environment, index, layer, "tool==2.0")
    filled(environment, index, fresh, "tool==2.0")
    assert files(layer) == files(fresh)
    assert not (layer / "tool_data").exists()
    assert not (layer / "bin").exists()


def test_what_only_the_replaced_build_needed_stays_and_is_named_once(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    filled(environment, index, layer, "deep", target="gb200@12.8")
    before = files(layer)
    assert {"runtime12.py", "tables12.py", "shared.py"} <= before
    result = filled(environment, index, layer, "deep", target="gb200@13.0")
    assert (
        f"Nothing in {layer} needs these any more, and they stay: runtime12 1.0, tables12 1.0. "
        "A new folder would be filled without them\n"
    ) in result.stdout
    assert before <= files(layer)
    again = filled(environment, index, layer, "deep", target="gb200@13.0")
    assert "Replaced in" in again.stdout
    assert "any more" not in again.stdout


def test_what_somebody_asked_for_by_name_is_needed(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    filled(environment, index, layer, "deep", "runtime12", target="gb200@12.8")
    result = filled(environment, index, layer, "deep", target="gb200@13.0")
    assert "Replaced in" in result.stdout
    assert "any more" not in result.stdout


def test_a_folder_that_projects_share_keeps_what_is_the_others(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    filled(environment, index, layer, "maths==1.0")
    filled(environment, index, layer, "nets")
    assert (layer / "maker/maths/lib.py").read_text() == "1.0\n"
    assert (layer / "maker/nets/lib.py").read_text() == "1.0\n"
    filled(environment, index, layer, "maths==2.0")
    assert (layer / "maker/maths/lib.py").read_text() == "2.0\n"
    assert (layer / "maker/nets/lib.py").read_text() == "1.0\n"
    dist_infos = {path.name for path in layer.glob("*.dist-info")}
    assert dist_infos == {"maths-2.0.dist-info", "nets-1.0.dist-info"}


@pytest.mark.parametrize("where", ["file", "link", "folder", "no RECORD"])
def test_what_belongs_to_nothing_there_is_never_replaced(
    environment: Environment, index: Index, tmp_path: Path, where: str
) -> None:
    layer = tmp_path / "layer"
    filled(environment, index, layer, "nets")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    in_the_way = layer / "tool.py"
    if where == "file":
        in_the_way.write_text("MINE = True\n")
    elif where == "link":
        in_the_way = layer / "tool_data"
        in_the_way.symlink_to(elsewhere)
    elif where == "folder":
        in_the_way.mkdir()
        (in_the_way / "mine.txt").write_text("mine\n")
    else:
        in_the_way = layer / "tool-0.9.dist-info"
        in_the_way.mkdir()
    before = files(layer)
    result = fill(environment, index, layer, "tool==1.0", "nets")
    assert result.returncode != 0
    assert f"ERROR: variantsel: {in_the_way}" in result.stderr
    assert files(layer) == before
    assert not any(elsewhere.iterdir())


def test_list_compares_a_layers_wheels_with_the_python_that_it_was_filled_for(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    """The layer is for 3.12, which need not be the Python that lists it."""
    layer = tmp_path / "layer"
    for python in ("312", "313"):
        for name in ("core", "more", "most"):
            tag = f"cp{python}-cp{python}-manylinux_2_28_aarch64"
            write_wheel(index.folder / name, name, "1.0", tag=tag)
    filled(environment, index, layer, "core", "more", "most", "gpu", "tool")
    listing = ("-m", "variantsel", "list", "--target", "gb200@13.0", "--path", str(layer))

    fitting = environment.run(*listing)
    assert fitting.returncode == 0, fitting.stdout
    assert "Machine: gb200@13.0, CPython 3.12" in fitting.stdout
    assert "no" not in fitting.stdout.split()
    assert json.loads(environment.run(*listing, "--format", "json").stdout)["python"] == "3.12"

    wheel = layer / "more-1.0.dist-info" / "WHEEL"
    wheel.write_text(wheel.read_text().replace("cp312", "cp313"))
    other = environment.run(*listing)
    assert other.returncode == 1
    assert (
        "it was installed from a wheel for cp313-cp313-manylinux_2_28_aarch64, which gb200@13.0 "
        "with CPython 3.12 does not take."
    ) in other.stdout
