"""Each of pip's sources and options, with variants behind it.

pip is asked what it would take (``--dry-run --report``), of one world that all tests share: most
projects have a release 1.0 and something else that only one option reaches.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import serve_folder
from support.machines import HOPPER
from support.sdists import write_archive
from support.wheels import metadata, write_release, write_wheel

MACHINE = HOPPER
CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real"]}}
TWO = metadata({"cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
NEWEST = metadata({"cuda13": CUDA13}, namespaces=["nvidia"])
FITS = "py3-none-any-cuda12.whl"
OWN_TAG = f"py3{sys.version_info[1]}-none-any"

BACKEND = """
import pathlib, zipfile
NAME, VERSION = {name!r}, {version!r}
METADATA = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
INFO = f"{{NAME}}-{{VERSION}}.dist-info"

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path(folder, INFO).mkdir()
    pathlib.Path(folder, INFO, "METADATA").write_text(METADATA)
    return INFO

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
        archive.writestr(f"{{INFO}}/METADATA", METADATA)
        archive.writestr(f"{{INFO}}/WHEEL", WHEEL)
        archive.writestr(f"{{INFO}}/RECORD", "")
    return name
"""


def write_sdist(folder: Path, name: str, version: str) -> Path:
    """A source distribution that brings its own build backend and needs no other."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        ),
        "backend.py": BACKEND.format(name=name, version=version),
    }
    return write_archive(folder, name, version, files)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_page(
    page: Path, files: list[Path], attributes: Mapping[str, str] | None = None, base: str = ""
) -> None:
    """An HTML page that lists files, with their hashes and what an index says of some of them."""
    attributes = attributes or {}
    page.write_text(
        "".join(
            f'<a href="{base}{file.name}#sha256={sha256(file)}" {attributes.get(file.name, "")}>'
            f"{html.escape(file.name)}</a><br>"
            for file in files
        )
    )


def write_pages(simple: Path, attributes: Mapping[str, str] | None = None) -> None:
    for project in simple.iterdir():
        files = sorted(path for path in project.iterdir() if path.name != "index.html")
        write_page(project / "index.html", files, attributes)


class World:
    """An index at ``url``, and the files behind it."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder, self.server = folder, server
        self.simple = folder / "simple"
        self.index = ("--index-url", f"{server}simple/")

    def wheel(self, name: str, label: str, version: str = "1.0", tag: str = "py3-none-any") -> Path:
        return self.simple / name / f"{name}-{version}-{tag}-{label}.whl"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    simple = folder / "simple"
    for version in ("1.0", "2.0"):
        for name in ("gpu", "needspython", "yanked"):
            write_release(simple / name, name, version, TWO)
        write_release(simple / "app", "app", version, TWO, requires=["gpu"])
    write_release(simple / "candidate", "candidate", "1.0", TWO)
    write_release(simple / "candidate", "candidate", "2.0rc1", TWO)
    write_release(simple / "half", "half", "1.0", TWO)
    write_release(simple / "built", "built", "1.0", TWO)
    for build, label in [("1", "cuda12"), ("2", "cuda12"), ("10", "cuda12"), ("11", "null")]:
        write_wheel(simple / "built", "built", "1.0", label=label, variant_json=TWO, build=build)
    write_release(simple / "tagged", "tagged", "1.0", TWO, build="9")
    write_release(simple / "tagged", "tagged", "1.0", TWO, build="1", tag=OWN_TAG)
    write_wheel(simple / "mixed", "mixed", "1.0", label="cuda12", variant_json=TWO)
    write_release(simple / "mixed", "mixed", "2.0", NEWEST)
    for version in ("1.0", "2.0"):
        write_sdist(simple / "mixed", "mixed", version)
    for tag in ("cp312-cp312", "cp39-abi3"):
        for machine in ("x86_64", "aarch64"):
            where = f"{tag}-manylinux_2_28_{machine}"
            write_release(simple / "native", "native", "1.0", TWO, tag=where)
    attributes = {"half-1.0-py3-none-any-cuda12.whl": 'data-yanked="slow"'}
    for label in ("cuda12", "null"):
        attributes[f"needspython-2.0-py3-none-any-{label}.whl"] = 'data-requires-python="&gt;=9"'
        attributes[f"yanked-2.0-py3-none-any-{label}.whl"] = 'data-yanked="wrong sums"'
    write_pages(simple, attributes)
    write_release(folder / "second" / "gpu", "gpu", "3.0", TWO)
    write_release(folder / "second" / "elsewhere", "elsewhere", "1.0", TWO)
    write_pages(folder / "second")
    with serve_folder(folder) as server:
        yield World(folder, server.url)


def pip(environment: Environment, *arguments: str, **variables: str) -> Any:
    return environment.pip(*arguments, variables={"VARIANTSEL_TARGET": MACHINE, **variables})


def report(environment: Environment, *arguments: str, **variables: str) -> dict[str, Any]:
    """What pip would install, by name; nothing may be wrong with it in anyone's eyes."""
    options = ("install", "--dry-run", "--quiet", "--report", "-")
    result = pip(environment, *options, *arguments, **variables)
    assert result.returncode == 0, result.stderr
    return {item["metadata"]["name"]: item for item in json.loads(result.stdout)["install"]}


def taken(environment: Environment, *arguments: str, **variables: str) -> dict[str, str]:
    """The files that pip would install, by name, into an empty environment."""
    found = report(environment, "--ignore-installed", *arguments, **variables)
    return {name: item["download_info"]["url"].rpartition("/")[2] for name, item in found.items()}


@pytest.fixture(scope="module")
def by_default(environment: Environment, world: World) -> dict[str, str]:
    """What is taken of every project when no option asks for anything else."""
    projects = ("needspython", "yanked", "candidate", "half", "built", "tagged", "mixed")
    return taken(environment, *world.index, *projects)


@pytest.fixture(scope="module")
def when_asked(environment: Environment, world: World) -> dict[str, str]:
    """What is taken when the options or the requirement reach further."""
    options = ("--pre", "--ignore-requires-python", "--no-binary", "mixed")
    requirements = ("candidate", "needspython", "yanked==2.0", "mixed==1.0", "gpu")
    return taken(environment, *world.index, *options, *requirements)


def test_pre_reaches_the_variants_of_a_pre_release(
    by_default: dict[str, str], when_asked: dict[str, str]
) -> None:
    assert by_default["candidate"] == f"candidate-1.0-{FITS}"
    assert when_asked["candidate"] == f"candidate-2.0rc1-{FITS}"


def test_ignore_requires_python_reaches_the_variants_for_another_python(
    by_default: dict[str, str], when_asked: dict[str, str]
) -> None:
    assert by_default["needspython"] == f"needspython-1.0-{FITS}"
    assert when_asked["needspython"] == f"needspython-2.0-{FITS}"


def test_yanked_variants_are_taken_only_when_pinned(
    by_default: dict[str, str], when_asked: dict[str, str]
) -> None:
    assert by_default["yanked"] == f"yanked-1.0-{FITS}"
    assert when_asked["yanked"] == f"yanked-2.0-{FITS}"


def test_a_yanked_wheel_gives_way_to_another_variant_of_its_release(
    by_default: dict[str, str],
) -> None:
    assert by_default["half"] == "half-1.0-py3-none-any-null.whl"


def test_within_a_label_the_highest_build_number_is_taken(by_default: dict[str, str]) -> None:
    assert by_default["built"] == f"built-1.0-10-{FITS}"


def test_within_a_label_the_better_tag_comes_before_the_build_number(
    by_default: dict[str, str],
) -> None:
    assert by_default["tagged"] == f"tagged-1.0-1-{OWN_TAG}-cuda12.whl"


def test_no_binary_takes_the_source_although_a_variant_fits(when_asked: dict[str, str]) -> None:
    assert when_asked["mixed"] == "mixed-1.0.tar.gz"
    assert when_asked["gpu"] == f"gpu-2.0-{FITS}"


def test_only_and_prefer_binary_go_back_to_the_version_whose_variant_fits(
    environment: Environment, world: World, by_default: dict[str, str]
) -> None:
    assert by_default["mixed"] == "mixed-2.0.tar.gz"
    for option in ("--only-binary=:all:", "--prefer-binary"):
        assert taken(environment, *world.index, option, "mixed") == {"mixed": f"mixed-1.0-{FITS}"}


def test_requirements_and_constraints_files(
    environment: Environment, world: World, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("app\nhalf\n-r more.txt\n")
    (tmp_path / "more.txt").write_text("candidate\n")
    (tmp_path / "constraints.txt").write_text(
        f"gpu==1.0\ncandidate @ {world.server}simple/candidate/candidate-1.0-py3-none-any-null.whl"
    )
    files = ("-r", str(tmp_path / "requirements.txt"), "-c", str(tmp_path / "constraints.txt"))
    assert taken(environment, *world.index, *files) == {
        "app": f"app-2.0-{FITS}",
        "gpu": f"gpu-1.0-{FITS}",
        "half": "half-1.0-py3-none-any-null.whl",
        "candidate": "candidate-1.0-py3-none-any-null.whl",
    }


def test_a_hash_picks_among_variants(
    environment: Environment, world: World, tmp_path: Path
) -> None:
    def hashes(project: str, *labels: str) -> str:
        return " ".join(f"--hash=sha256:{sha256(world.wheel(project, label))}" for label in labels)

    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        f"gpu==1.0 {hashes('gpu', 'null')}\n"
        f"candidate==1.0 {hashes('candidate', 'null', 'cuda12')}\n"
    )
    options = (*world.index, "--require-hashes", "-r", str(requirements))
    assert taken(environment, *options) == {
        "gpu": "gpu-1.0-py3-none-any-null.whl",
        "candidate": f"candidate-1.0-{FITS}",
    }
    requirements.write_text(f"gpu==1.0 --hash=sha256:{'0' * 64}\n")
    refused = pip(environment, "install", "--dry-run", "--ignore-installed", *options)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_no_deps_takes_the_variant_alone(environment: Environment, world: World) -> None:
    found = taken(environment, *world.index, "--no-deps", "app")
    assert found == {"app": f"app-2.0-{FITS}"}


def test_the_report_names_the_variant(environment: Environment, world: World) -> None:
    found = report(environment, "--ignore-installed", *world.index, "gpu==1.0", "mixed==2.0")
    assert "variant" not in found["mixed"]
    assert found["gpu"]["variant"] == {"label": "cuda12", "properties": CUDA12}
    assert found["gpu"]["download_info"] == {
        "url": f"{world.server}simple/gpu/gpu-1.0-{FITS}",
        "archive_info": {
            "hash": f"sha256={sha256(world.wheel('gpu', 'cuda12'))}",
            "hashes": {"sha256": sha256(world.wheel("gpu", "cuda12"))},
        },
    }


def test_target_holds_the_variant_for_the_platform_that_was_asked_for(
    environment: Environment, world: World, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    options = (
        *("install", *world.index, "--target", str(site), "--only-binary=:all:"),
        *("--platform", "manylinux_2_28_aarch64", "--python-version", "3.12"),
    )
    first = pip(environment, *options, "native", VARIANTSEL_TARGET="cpu-aarch64")
    assert first.returncode == 0, first.stderr
    abi3 = ("--implementation", "cp", "--abi", "abi3", "--upgrade")
    upgraded = pip(environment, *options, *abi3, "native")
    assert upgraded.returncode == 0, upgraded.stderr
    assert "native-1.0-cp312-cp312-manylinux_2_28_aarch64-null.whl" in first.stdout
    assert "native-1.0-cp39-abi3-manylinux_2_28_aarch64-cuda12.whl" in upgraded.stdout
    held = json.loads((site / "native-1.0.dist-info" / "variant.json").read_text())
    assert list(held["variants"]) == ["cuda12"]
    assert (site / "native.py").read_text() == "LABEL = 'cuda12'\n"


@pytest.fixture
def with_old_versions(environment: Environment, world: World) -> Iterator[Environment]:
    """app 1.0 and gpu 1.0 are installed."""
    result = pip(environment, "install", "--quiet", *world.index, "app==1.0", "gpu==1.0")
    assert result.returncode == 0, result.stderr
    yield environment
    pip(environment, "uninstall", "--yes", "app", "gpu")


def test_upgrades_take_the_best_variant_of_what_their_strategy_allows(
    with_old_versions: Environment, world: World
) -> None:
    def urls(*arguments: str) -> list[str]:
        found = report(with_old_versions, *world.index, *arguments)
        return sorted(item["download_info"]["url"].rpartition("/")[2] for item in found.values())

    upgrade = ("--upgrade", "--upgrade-strategy")
    assert urls(*upgrade, "only-if-needed", "app") == [f"app-2.0-{FITS}"]
    assert urls(*upgrade, "eager", "app") == [f"app-2.0-{FITS}", f"gpu-2.0-{FITS}"]
    assert urls("--upgrade", "gpu<2") == []
    assert urls("--force-reinstall", "app<2") == [f"app-1.0-{FITS}", f"gpu-2.0-{FITS}"]


# -- sources


def test_an_extra_index_offers_its_variants(environment: Environment, world: World) -> None:
    second = ("--extra-index-url", f"{world.server}second/")
    assert taken(environment, *world.index, *second, "gpu", "elsewhere", "candidate") == {
        "gpu": f"gpu-3.0-{FITS}",
        "elsewhere": f"elsewhere-1.0-{FITS}",
        "candidate": f"candidate-1.0-{FITS}",
    }


def test_find_links_pages_files_and_folders_offer_variants(
    environment: Environment, world: World, tmp_path: Path
) -> None:
    page = world.folder / "links.html"
    write_page(page, sorted((world.simple / "gpu").glob("gpu-*")), base="simple/gpu/")
    local = tmp_path / "local.html"
    write_page(
        *(local, sorted((world.simple / "built").glob("built-*"))),
        base=f"{world.server}simple/built/",
    )
    places = [
        f"{world.server}links.html",
        str(local),
        str(world.folder / "second" / "elsewhere"),
        *(f"{world.server}simple/half/half-1.0-py3-none-any-{label}.whl" for label in ("cuda12",)),
        f"{world.server}simple/half/half-1.0-py3-none-any-null.whl",
        str(world.wheel("candidate", "null")),
        str(world.wheel("candidate", "cuda12")),
    ]
    options = ["--no-index", *(f"--find-links={place}" for place in places)]
    projects = ("gpu", "built", "elsewhere", "half", "candidate")
    assert taken(environment, *options, *projects) == {
        "gpu": f"gpu-2.0-{FITS}",
        "built": f"built-1.0-10-{FITS}",
        "elsewhere": f"elsewhere-1.0-{FITS}",
        "half": f"half-1.0-{FITS}",
        "candidate": f"candidate-1.0-{FITS}",
    }


def test_direct_urls_and_their_hashes(environment: Environment, world: World) -> None:
    gpu, half = world.wheel("gpu", "cuda12"), world.wheel("half", "null")
    candidate, elsewhere = world.wheel("candidate", "cuda12"), world.wheel("yanked", "cuda12")
    requirements = (
        f"gpu @ {world.server}simple/gpu/{gpu.name}#sha256={sha256(gpu)}",
        f"half @ {world.server}simple/half/{half.name}",
        f"candidate @ {candidate.as_uri()}#sha256={sha256(candidate)}",
        elsewhere.as_uri(),
    )
    assert taken(environment, "--no-index", *requirements) == {
        "gpu": gpu.name,
        "half": half.name,
        "candidate": candidate.name,
        "yanked": elsewhere.name,
    }
    wrong = f"gpu @ {world.server}simple/gpu/{gpu.name}#sha256={'0' * 64}"
    refused = pip(environment, "install", "--dry-run", "--no-index", wrong)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert "Traceback" not in refused.stderr


def for_caches(path: str) -> dict[str, str]:
    """Files may be kept for an hour, pages not at all."""
    return {"Cache-Control": "no-store" if path.endswith("/") else "max-age=3600"}


def test_a_cache_saves_the_wheel_and_never_hides_a_new_variant(
    environment: Environment, tmp_path: Path
) -> None:
    simple = tmp_path / "simple"
    for name in ("grows", "stays"):
        write_release(simple / name, name, "1.0", metadata({"null": {}, "cuda12": CUDA12}))
    write_pages(simple)
    for path in simple.rglob("*.*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))  # what changes below is newer, by seconds
    with serve_folder(tmp_path, for_caches) as server:
        host = server.url.split("/")[2]
        options = ("--trusted-host", host, "--index-url", f"{server.url}simple/")
        cached = (*options, "--cache-dir", str(tmp_path / "cache"))
        before = taken(environment, *cached, "grows", "stays")
        assert before == {"grows": f"grows-1.0-{FITS}", "stays": f"stays-1.0-{FITS}"}
        better = {"nvidia": {"cuda_version_lower_bound": ["12.8"]}}
        grown = metadata({"null": {}, "cuda12": CUDA12, "better": better})
        write_release(simple / "grows", "grows", "1.0", grown)
        write_pages(simple)
        after = taken(environment, *cached, "grows", "stays")
        assert after == dict(before, grows="grows-1.0-py3-none-any-better.whl")
        wheel = f"/simple/stays/stays-1.0-{FITS}"
        assert server.requests.count(wheel) == 1
        assert taken(environment, *options, "--no-cache-dir", "stays")
        assert server.requests.count(wheel) == 2


# -- other resolvers, other interpreters


def test_the_legacy_resolver_takes_variants_and_their_requirements(
    environment: Environment, tmp_path: Path
) -> None:
    requires = ["runtime; 'nvidia' in variant_namespaces", "cpuonly; variant_label == 'null'"]
    write_release(tmp_path, "marked", "1.0", TWO, requires=requires)
    write_release(tmp_path, "marked", "2.0", NEWEST)
    for name in ("runtime", "cpuonly"):
        write_wheel(tmp_path, name, "1.0")
    legacy = ("--use-deprecated", "legacy-resolver", "--no-index", "--find-links", str(tmp_path))
    assert taken(environment, *legacy, "marked") == {
        "marked": f"marked-1.0-{FITS}",
        "runtime": "runtime-1.0-py3-none-any.whl",
    }


def test_the_legacy_resolver_refuses_a_named_wheel_that_does_not_fit(
    environment: Environment, tmp_path: Path
) -> None:
    write_release(tmp_path, "marked", "2.0", NEWEST)
    wheel = str(tmp_path / "marked-2.0-py3-none-any-cuda13.whl")
    legacy = ("install", "--dry-run", "--use-deprecated", "legacy-resolver", "--no-index")
    refused = pip(environment, *legacy, wheel)
    assert refused.returncode == 1
    assert "cuda13 needs nvidia :: cuda_version_lower_bound :: 13.0" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_legacy_resolver_says_what_it_took(environment: Environment, world: World) -> None:
    legacy = ("--dry-run", "--ignore-installed", "--use-deprecated", "legacy-resolver")
    result = pip(environment, "install", *legacy, *world.index, "gpu")
    assert f"gpu 2.0: variant cuda12 ({HOPPER}@12.8 supports" in result.stdout


def test_python_takes_the_plugin_along_where_it_is_not_active(
    environment: Environment, world: World, tmp_path: Path
) -> None:
    """``pip --python OTHER`` runs this pip under OTHER; OTHER's own variantsel comes first."""
    folder = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    other = Environment(folder, environment.pip_version)
    options = ("--python", str(other.python), "install", "--dry-run", *world.index, "gpu")
    lent = pip(environment, *options)
    assert (lent.returncode, lent.stderr) == (0, "")
    assert f"gpu 2.0: variant cuda12 ({HOPPER}@12.8 supports" in lent.stdout
    assert pip(environment, "--python", str(other.python), "list").stderr == ""
    (other.site_packages / "shared.pth").write_text(f"{environment.site_packages}\n")
    activated = other.run("-m", "variantsel", "activate")
    assert activated.returncode == 0, activated.stderr
    active = pip(environment, *options)
    assert (active.returncode, active.stderr) == (0, "")
    assert f"gpu 2.0: variant cuda12 ({HOPPER}@12.8 supports" in active.stdout


def test_what_is_built_under_another_python_needs_variants_too(
    environment: Environment, tmp_path: Path
) -> None:
    write_release(tmp_path / "links", "helper", "1.0", TWO, non_variant=True)
    backend = "import helper\nraise SystemExit(f'built with {helper.LABEL!r}')\n"
    pyproject = (
        '[build-system]\nrequires = ["helper"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    sdist = write_archive(
        tmp_path, "extension", "1.0", {"pyproject.toml": pyproject, "backend.py": backend}
    )
    folder = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    result = pip(
        *(environment, "--python", str(folder), "install", "--no-index"),
        *("--find-links", str(tmp_path / "links"), str(sdist)),
    )
    assert "built with 'null'" in result.stdout + result.stderr  # not for the target, which is one
