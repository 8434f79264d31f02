"""Each of pip's commands, with variants behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import HOPPER
from support.sdists import write_archive
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
TWO = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
WHEEL = "gpu-1.0-py3-none-any-cuda12.whl"

BACKEND = """
import io, json, pathlib, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(folder, config_settings=None, metadata_directory=None):
    # pip calls this in the folder of the source distribution, whose files it packs.
    settings = json.loads(pathlib.Path("settings.json").read_text())
    name, tag = settings["name"], settings["tag"]
    files = {
        "METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
        "RECORD": "",
    }
    if "variant_json" in settings:
        files["variant.json"] = json.dumps(settings["variant_json"])
    filename = f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(folder, filename), "w") as archive:
        archive.writestr(f"{name}.py", f"BUILT_BY = {LABEL!r}\\n")
        for part, text in files.items():
            archive.writestr(f"{name}-1.0.dist-info/{part}", text)
    return filename
"""


def write_sdist(folder: Path, *, tag: str = "py3-none-any", **settings: Any) -> Path:
    """A source distribution of "made" that is built by ``tinybackend``.

    One of a variant brings it along; any other requires it, and it is itself a variant wheel.
    """
    system = 'requires = ["tinybackend"]'
    files = {"settings.json": json.dumps({"name": "made", "tag": tag, **settings})}
    if "variant_json" in settings:
        system = 'requires = []\nbackend-path = ["."]'
        files["tinybackend.py"] = f"LABEL = ''\n{BACKEND}"
    files["pyproject.toml"] = f'[build-system]\nbuild-backend = "tinybackend"\n{system}\n'
    files["PKG-INFO"] = "Metadata-Version: 2.1\nName: made\nVersion: 1.0\n"
    return write_archive(folder, "made", "1.0", files)


def write_backend(folder: Path) -> Path:
    for label in TWO["variants"]:
        module = f"LABEL = {label!r}\n{BACKEND}"
        options: dict[str, Any] = {"label": label, "variant_json": TWO, "module": module}
        write_wheel(folder, "tinybackend", "1.0", **options)
    return folder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    write_release(folder / "gpu", "gpu", "1.0", TWO, requires=["runtime"])
    write_release(folder / "gpu", "gpu", "2.0", TWO, requires=["runtime"])
    write_release(folder / "runtime", "runtime", "1.0", TWO)
    with serve(Index(folder)) as index:
        yield index


@pytest.fixture(scope="module")
def installed(environment: Environment, index: Index) -> Iterator[Environment]:
    """gpu 1.0 and runtime 1.0 are installed, as variants."""
    result = pip(environment, "install", "--index-url", index.url, "gpu==1.0")
    assert result.returncode == 0, result.stderr
    yield environment
    pip(environment, "uninstall", "--yes", "gpu", "runtime", "direct")


def pip(environment: Environment, *arguments: str, **variables: str) -> Any:
    result = environment.pip(*arguments, variables={"VARIANTSEL_TARGET": HOPPER, **variables})
    assert "Traceback" not in result.stdout + result.stderr
    return result


def output(environment: Environment, *arguments: str, **variables: str) -> str:
    """What a command says, which may not complain of anything."""
    result = pip(environment, *arguments, **variables)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    text: str = result.stdout
    return text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_install_says_which_variant_it_takes_and_installs_it(installed: Environment) -> None:
    labels = installed.run("-c", "import gpu, runtime; print(gpu.LABEL, runtime.LABEL)")
    assert labels.stdout == "cuda12 cuda12\n"


def test_list_freeze_show_check_and_inspect_know_an_installed_variant(
    installed: Environment,
) -> None:
    versions = {item["name"]: item["version"] for item in json.loads(listed(installed))}
    assert (versions["gpu"], versions["runtime"]) == ("1.0", "1.0")
    assert {"gpu==1.0", "runtime==1.0"} <= set(output(installed, "freeze").splitlines())
    shown = output(installed, "show", "--files", "gpu").splitlines()
    assert {"Name: gpu", "Version: 1.0", "Requires: runtime"} <= set(shown)
    assert "  gpu-1.0.dist-info/variant.json" in shown
    assert output(installed, "check") == "No broken requirements found.\n"
    inspected = json.loads(output(installed, "inspect"))["installed"]
    (found,) = (item for item in inspected if item["metadata"]["name"] == "gpu")
    assert found["metadata"]["requires_dist"] == ["runtime"]
    assert "direct_url" not in found


def listed(environment: Environment, *options: str) -> str:
    return output(environment, "list", "--format", "json", *options)


def test_list_outdated_and_index_versions_see_versions_of_variants_only(
    installed: Environment, index: Index
) -> None:
    source = ("--index-url", index.url)
    (outdated,) = json.loads(listed(installed, "--outdated", *source))
    assert (outdated["name"], outdated["version"]) == ("gpu", "1.0")
    assert (outdated["latest_version"], outdated["latest_filetype"]) == ("2.0", "wheel")
    result = pip(installed, "index", "versions", *source, "gpu")
    assert result.returncode == 0, result.stderr
    assert "gpu (2.0)" in result.stdout
    assert "Available versions: 2.0, 1.0" in result.stdout


def test_freeze_names_a_variant_that_was_installed_by_url(
    installed: Environment, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "direct", "1.0", label="null", variant_json=TWO)
    result = pip(installed, "install", "--no-index", wheel.as_uri())
    assert result.returncode == 0, result.stderr
    frozen = output(installed, "freeze").splitlines()
    (line,) = (line for line in frozen if line.startswith("direct "))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert line == f"direct @ {wheel.as_uri()}#sha256={digest}"
    (tmp_path / "frozen.txt").write_text(line)
    again = pip(
        *(installed, "install", "--dry-run", "--no-index", "--force-reinstall"),
        *("-r", str(tmp_path / "frozen.txt")),
    )
    assert again.returncode == 0, again.stderr
    assert f"Processing {wheel}" in again.stdout


def test_uninstall_removes_every_file_of_a_variant(
    environment: Environment, tmp_path: Path
) -> None:
    before = names(environment.site_packages)
    write_release(tmp_path, "gone", "1.0", TWO)
    assert pip(environment, "install", "--no-index", "-f", str(tmp_path), "gone").returncode == 0
    assert "gone-1.0.dist-info" in names(environment.site_packages)
    assert "Successfully uninstalled gone-1.0" in output(environment, "uninstall", "--yes", "gone")
    assert names(environment.site_packages) == before


def test_download_leaves_variants_that_install_from_the_folder(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    options = ("--index-url", index.url, "gpu==1.0")
    downloaded = tmp_path / "downloaded"
    output(environment, "download", "--dest", str(downloaded), *options)
    assert names(downloaded) == [WHEEL, "runtime-1.0-py3-none-any-cuda12.whl"]
    collected = tmp_path / "collected"
    offline = ("--no-index", "--find-links", str(downloaded), "gpu")
    said = output(environment, "wheel", "--wheel-dir", str(collected), *offline)
    assert f"gpu 1.0: variant cuda12 ({HOPPER}@12.8 supports" in said
    assert names(collected) == names(downloaded)


def skip_before(environment: Environment, version: str, command: str) -> None:
    if Version(environment.pip_version) < Version(version):
        pytest.skip(f"{command} came with pip {version}")


def lock(environment: Environment, index: Index, path: Path) -> dict[str, Any]:
    """The first wheel of every locked package, by name."""
    tomllib = pytest.importorskip("tomllib")
    result = pip(environment, "lock", "--index-url", index.url, "--output", str(path), "gpu==1.0")
    assert result.returncode == 0, result.stderr
    packages = tomllib.loads(path.read_text())["packages"]
    return {package["name"]: package["wheels"] for package in packages}


def test_lock_writes_the_variant(environment: Environment, index: Index, tmp_path: Path) -> None:
    skip_before(environment, "25.1", "pip lock")
    (wheel,) = lock(environment, index, tmp_path / "pylock.toml")["gpu"]
    digest = hashlib.sha256((index.folder / "gpu" / WHEEL).read_bytes()).hexdigest()
    assert wheel == {
        "name": WHEEL,
        "url": f"{index.url}gpu/{WHEEL}",
        "hashes": {"sha256": digest},
    }


def test_a_lock_file_installs_the_variant_it_names(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    skip_before(environment, "26.1", "pip install -r pylock.toml")
    lock(environment, index, tmp_path / "pylock.toml")
    path = str(tmp_path / "pylock.toml")
    options = ("--dry-run", "--ignore-installed", "--quiet", "--report", "-", "-r", path)
    result = pip(environment, "install", *options)
    assert result.returncode == 0, result.stderr
    urls = {item["download_info"]["url"] for item in json.loads(result.stdout)["install"]}
    assert f"{index.url}gpu/{WHEEL}" in urls


def test_cache_lists_and_removes_a_variant_that_was_built_here(
    environment: Environment, tmp_path: Path
) -> None:
    own = dict(TWO, variants={"cuda12": CUDA12})
    write_sdist(tmp_path, tag="py3-none-any-cuda12", variant_json=own)
    cache = ("--cache-dir", str(tmp_path / "cache"))
    install = ("install", *cache, "--no-index", "--find-links", str(tmp_path), "--no-deps")
    site = ("--target", str(tmp_path / "site"), "--upgrade")
    first = pip(environment, *install, *site, "made")
    assert first.returncode == 0, first.stderr
    assert "Created wheel for made: filename=made-1.0-py3-none-any-cuda12.whl" in first.stdout
    assert "made-1.0-py3-none-any-cuda12.whl" in output(environment, "cache", "list", *cache)
    second = pip(environment, *install, *site, "made")
    assert second.returncode == 0, second.stderr
    assert "Building wheel" not in second.stdout
    uncached = pip(environment, *install, "--no-cache-dir", *site, "made")
    assert "Building wheel for made" in uncached.stdout
    assert "Files removed: 1" in output(environment, "cache", "remove", "made", *cache)


def test_build_isolation_takes_the_variants_of_the_machine_that_builds(
    environment: Environment, tmp_path: Path
) -> None:
    folder = write_backend(tmp_path / "links")
    sdist = write_sdist(tmp_path)
    ways: list[tuple[str, ...]] = [()]
    if Version(environment.pip_version) >= Version("26.0"):
        ways.append(("--use-feature", "inprocess-build-deps"))
    for number, way in enumerate(ways):
        site = tmp_path / f"site-{number}"
        result = pip(
            *(environment, "install", *way, "--no-index", "--find-links", str(folder)),
            *("--target", str(site), str(sdist)),
            VARIANTSEL_TARGET="cpu-x86-64-v1",
            NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION="12.8",
            NV_VARIANT_PROVIDER_FORCE_SM_ARCH="9.0",
        )
        assert result.returncode == 0, result.stderr
        assert (site / "made.py").read_text() == "BUILT_BY = 'cuda12'\n"
