"""What a user sees of ``pip install`` with the plugin active."""

from __future__ import annotations

import json
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve, serve_folder, serve_silence
from support.machines import ANOTHER_TYPE, HOPPER, OF_ANOTHER_TYPE
from support.repository import REPOSITORY
from support.wheels import metadata, write_release, write_wheel

from variantsel import Target

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real", "90_real"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real"]}}
OLD_GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["50_real"]}}
THREE = metadata({"cuda13": CUDA13, "cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    folder.mkdir()
    with serve(Index(folder)) as index:
        yield index


def install(
    environment: Environment,
    index: Index | None,
    *requirements: str,
    target: Path | str | None = None,
    options: tuple[str, ...] = (),
    **variables: str,
) -> Any:
    """Run pip install into a folder of its own, unless the options name one."""
    if target is not None:
        variables["VARIANTSEL_TARGET"] = str(target)
    if "--target" not in options:
        options = ("--target", tempfile.mkdtemp(dir=environment.folder), *options)
    source = ("--index-url", index.url) if index else ("--no-index",)
    return environment.pip("install", *options, *source, *requirements, variables=variables)


def taken(result: Any) -> list[str]:
    """The wheels that pip says it fetched."""
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    return [
        line[1].rpartition("/")[2]
        for line in lines
        if line[:1] in (["Downloading"], ["Processing"])
    ]


def complaints(result: Any) -> list[str]:
    assert "Traceback" not in result.stdout + result.stderr
    return [line for line in result.stderr.splitlines() if not line.startswith("  WARNING: Disca")]


@pytest.mark.parametrize("json_pages", [False, True], ids=["html", "json"])
@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
def test_the_best_variant_is_taken_from_an_index(
    environment: Environment,
    index: Index,
    target_file: Path,
    json_pages: bool,
    core_metadata: bool,
) -> None:
    index.json_pages, index.core_metadata = json_pages, core_metadata
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    result = install(environment, index, "gpu", target=target_file)
    assert complaints(result) == []
    lines = [line for line in result.stdout.splitlines() if line.startswith("gpu 1.0: variant ")]
    assert lines == [
        f"gpu 1.0: variant cuda12 ({target_file} supports nvidia :: cuda_version_lower_bound :: "
        "12.0, nvidia :: sm_arch :: 90_real; fits as well: null)"
    ]
    assert "cuda12" in " ".join(index.requests)
    assert "cuda13.whl" not in " ".join(index.requests)


def test_the_best_variant_is_installed_and_importable(
    environment: Environment, index: Index, target_file: Path, tmp_path: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    site = tmp_path / "site"
    result = install(environment, index, "gpu", target=target_file, options=("--target", str(site)))
    assert result.returncode == 0, result.stderr
    label = environment.run(
        "-c", "import gpu; print(gpu.LABEL)", variables={"PYTHONPATH": str(site)}
    )
    assert label.stdout == "cuda12\n"
    installed = json.loads((site / "gpu-1.0.dist-info" / "variant.json").read_text())
    assert list(installed["variants"]) == ["cuda12"]


@pytest.mark.parametrize("with_index_metadata", [True, False], ids=["variants.json", "wheels"])
def test_a_find_links_folder_offers_variants(
    environment: Environment, tmp_path: Path, target_file: Path, with_index_metadata: bool
) -> None:
    folder = write_release(
        tmp_path / "links", "gpu", "1.0", THREE, with_index_metadata=with_index_metadata
    )
    result = install(environment, None, "--find-links", str(folder), "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    assert complaints(result) == []


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])
def test_without_variants_json_the_wheels_are_asked(
    environment: Environment, index: Index, target_file: Path, ranges: bool
) -> None:
    index.ranges = ranges
    write_release(
        index.folder / "gpu", "gpu", "1.0", THREE, with_index_metadata=False, non_variant=True
    )
    result = install(environment, index, "gpu", target=target_file)
    assert "gpu 1.0: variant cuda12 " in result.stdout
    assert complaints(result) == []


def test_a_newer_version_without_a_fitting_variant_wins_and_says_so(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    write_release(index.folder / "gpu", "gpu", "2.0", metadata({"null": {}, "cuda13": CUDA13}))
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-2.0-py3-none-any-null.whl"]
    assert "gpu 2.0: variant null" in result.stdout
    (warning,) = complaints(result)
    assert "has nvidia hardware, but gpu-2.0-py3-none-any-null.whl does not use it" in warning
    assert "cuda13 needs nvidia :: cuda_version_lower_bound :: 13.0" in warning


def test_a_newer_version_without_variants_names_the_one_with_them(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    write_wheel(index.folder / "gpu", "gpu", "2.0")
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-2.0-py3-none-any.whl"]
    (warning,) = complaints(result)
    assert "gpu-2.0-py3-none-any.whl was published without variants" in warning
    assert "gpu 1.0 has the variant cuda12 for it (pip install gpu==1.0)" in warning


def test_a_version_of_incompatible_variants_only_has_no_wheel(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    write_release(index.folder / "gpu", "gpu", "2.0", metadata({"old": OLD_GPU}))
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    (warning,) = complaints(result)
    assert "gpu 2.0 has no wheel for" in warning
    assert "old needs nvidia :: sm_arch :: 50_real" in warning


def test_nothing_fits_at_all(environment: Environment, index: Index, target_file: Path) -> None:
    write_release(index.folder / "gpu", "gpu", "2.0", metadata({"old": OLD_GPU}))
    result = install(environment, index, "gpu", target=target_file)
    assert result.returncode == 1
    text = "\n".join(complaints(result))
    assert "old needs nvidia :: sm_arch :: 50_real" in text
    assert "No matching distribution found for gpu" in text


def test_metadata_of_versions_nobody_looks_at_is_not_read(
    environment: Environment, index: Index, target_file: Path
) -> None:
    for version in ("1.0", "2.0", "3.0"):
        write_release(index.folder / "gpu", "gpu", version, THREE)
    install(environment, index, "gpu", target=target_file)
    assert [line for line in index.requests if line.endswith("variants.json")] == [
        "GET /gpu/gpu-3.0-variants.json"
    ]


def test_dependencies_get_their_variants_too(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_wheel(index.folder / "app", "app", "1.0", requires=["gpu>=1"])
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    result = install(environment, index, "app", target=target_file)
    assert taken(result) == ["app-1.0-py3-none-any.whl", "gpu-1.0-py3-none-any-cuda12.whl"]


def test_verbose_explains_every_label_and_quiet_says_nothing_but_warnings(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    verbose = install(environment, index, "gpu", target=target_file, options=("-v",))
    assert "1. cuda12  (taken)" in verbose.stdout
    assert "2. null" in verbose.stdout
    assert "-  cuda13 needs nvidia :: cuda_version_lower_bound :: 13.0" in verbose.stdout
    write_release(index.folder / "new", "new", "1.0", metadata({"null": {}, "cuda13": CUDA13}))
    quiet = install(environment, index, "gpu", "new", target=target_file, options=("-q",))
    (warning,) = complaints(quiet)
    assert "hardware, but new-1.0-py3-none-any-null.whl does not use it" in warning
    assert quiet.stdout == ""


def test_what_is_said_has_the_colours_that_pip_gives_it(
    environment: Environment, index: Index
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", metadata({"null": {}, "cuda13": CUDA13}))
    options = ("install", "--dry-run", "--ignore-installed", "--index-url", index.url, "gpu")
    variables = {"VARIANTSEL_TARGET": HOPPER}
    shown = environment.pip_on_terminal(*options, variables=variables)
    assert f"\x1b[33mWARNING: gpu 1.0: {HOPPER}@12.8 has nvidia hardware" in shown, shown
    assert f"\ngpu 1.0: variant null ({HOPPER}@12.8 supports none of cuda13)\r" in shown
    plain = environment.pip_on_terminal("--no-color", *options, variables=variables)
    assert f"\nWARNING: gpu 1.0: {HOPPER}@12.8 has nvidia hardware" in plain
    assert "\x1b[33m" not in plain


def test_passwords_of_sources_are_not_shown(
    environment: Environment, index: Index, tmp_path: Path, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    write_release(tmp_path / "other" / "gpu", "gpu", "1.0", THREE)
    with serve(Index(tmp_path / "other")) as second:
        url = second.url.replace("http://", "http://user:hunter2@")
        result = install(environment, index, "gpu", "--extra-index-url", url, target=target_file)
    (warning,) = complaints(result)
    assert "gpu 1.0 has variants on several sources" in warning
    assert "hunter2" not in result.stdout + result.stderr


def test_several_sources_are_never_merged(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    best = {"nvidia": {"cuda_version_lower_bound": ["12.8"]}}
    good = {"nvidia": {"cuda_version_lower_bound": ["12.6"]}}
    page, folder, extra = tmp_path / "page", tmp_path / "folder", tmp_path / "extra"
    write_release(index.folder / "gpu", "gpu", "1.0", metadata({"best": best}))
    write_release(extra / "gpu", "gpu", "1.0", metadata({"good": good, "null": {}}))
    # The same label of other properties: merged, the sources would contradict each other.
    write_release(folder, "gpu", "1.0", metadata({"good": best}))
    write_release(page, "gpu", "1.0", metadata({"null": {}, "best": good}))
    links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted(page.iterdir()))
    (page / "index.html").write_text(links)
    with serve(Index(extra, json_pages=True)) as second, serve_folder(page) as third:
        options = (
            "--extra-index-url",
            second.url,
            "-f",
            str(folder),
            "-f",
            f"{third.url}index.html",
        )
        result = install(environment, index, "gpu", *options, target=HOPPER)
    (warning,) = complaints(result)
    assert warning == (
        "WARNING: gpu 1.0 has variants on several sources; each source's are ordered on their own: "
        # What pip takes among equals: of an extra index first.
        f"{second.url}gpu, then {index.url}gpu, then {third.url}index.html, then {folder.as_uri()}"
    )
    assert taken(result) == ["gpu-1.0-py3-none-any-good.whl"]


# -- other machines


def test_a_target_is_named_in_the_environment(environment: Environment, index: Index) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    assert (
        f"variant cuda12 ({HOPPER}@12.8 supports"
        in install(environment, index, "gpu", target=HOPPER).stdout
    )
    assert (
        f"variant cuda13 ({HOPPER}@13.0 supports"
        in install(environment, index, "gpu", target=f"{HOPPER}@13.0").stdout
    )


def test_a_target_is_named_in_pyproject_toml(
    environment: Environment, index: Index, tmp_path: Path, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    project = tmp_path / "project"
    (project / "deeper").mkdir(parents=True)
    shutil.copy(target_file, project / "hopper.toml")
    (project / "pyproject.toml").write_text('[tool.variantsel]\ntarget = "hopper.toml"\n')
    result = environment.pip(
        *("install", "--target", str(tmp_path / "site"), "--index-url", index.url, "gpu"),
        cwd=project / "deeper",
    )
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]


def test_a_bad_target_is_one_clear_error(environment: Environment, index: Index) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    result = install(environment, index, "gpu", target="gh2000")
    assert result.returncode == 1
    (error,) = complaints(result)
    assert error.startswith("ERROR: variantsel: VARIANTSEL_TARGET: ")
    assert "gh200" in error


def test_download_for_another_machine(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    for machine in ("x86_64", "aarch64"):
        write_release(
            *(index.folder / "gpu", "gpu", "1.0", THREE),
            tag=f"cp312-cp312-manylinux_2_28_{machine}",
        )
    result = environment.pip(
        *("download", "--platform", "manylinux_2_28_aarch64", "--python-version", "3.12"),
        *("--only-binary=:all:", "--index-url", index.url, "--dest", str(tmp_path / "out"), "gpu"),
        variables={"VARIANTSEL_TARGET": "gh200"},
    )
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [
        "gpu-1.0-cp312-cp312-manylinux_2_28_aarch64-cuda12.whl"
    ]
    assert complaints(result) == []


def test_nothing_is_assumed_of_a_platform_that_pip_was_given(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    result = environment.pip(
        *("download", "--platform", "manylinux_2_28_ppc64le", "--only-binary=:all:"),
        *("--index-url", index.url, "--dest", str(tmp_path / "out"), "gpu"),
        variables={
            "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
            "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0",
        },
    )
    assert taken(result) == ["gpu-1.0-py3-none-any-null.whl"]
    (warning,) = complaints(result)
    assert "nothing is known of that machine's hardware" in warning
    assert "VARIANTSEL_TARGET" in warning


def test_a_mistake_of_ours_does_not_end_an_install(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    ranking = environment.site_packages / "variantsel" / "ranking" / "rank.py"
    original = ranking.read_text()
    broken = original.replace("def rank(", "def rank(*_, **__): 1 / 0\n\ndef _rank(", 1)
    (record,) = environment.site_packages.glob("variantsel-*.dist-info/RECORD")
    unlisted = record.rename(record.with_name("unlisted"))  # or the file would be known as damaged
    ranking.write_text(broken)
    try:
        result = install(environment, index, "gpu", target=target_file, PYTHONDONTWRITEBYTECODE="1")
    finally:
        ranking.write_text(original)
        unlisted.rename(record)
    assert taken(result) == ["gpu-1.0-py3-none-any.whl"]
    (warning,) = complaints(result)
    assert "variantsel failed (ZeroDivisionError" in warning


@pytest.mark.parametrize("where", ["variable", "pyproject.toml"])
@pytest.mark.parametrize("resolver", [[], ["--use-deprecated=legacy-resolver"]], ids=["", "legacy"])
def test_a_target_of_another_type_of_machine_is_refused(
    environment: Environment, index: Index, tmp_path: Path, where: str, resolver: list[str]
) -> None:
    # Right for neither: variants of that machine, and tags and markers of this one.
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    (tmp_path / "project").mkdir()
    settings = tmp_path / "project" / "pyproject.toml"
    variables = {}
    if where == "variable":
        variables["VARIANTSEL_TARGET"] = OF_ANOTHER_TYPE
    else:
        settings.write_text(f'[tool.variantsel]\ntarget = "{OF_ANOTHER_TYPE}"\n')
    result = environment.pip(
        *("install", "--target", str(tmp_path / "site"), "--index-url", index.url, *resolver),
        "gpu",
        variables=variables,
        cwd=settings.parent,
    )
    place = "VARIANTSEL_TARGET" if where == "variable" else f"{settings}: tool.variantsel.target"
    assert result.returncode == 1
    error = next(line for line in complaints(result) if line.startswith("ERROR"))
    assert error.startswith(
        f"ERROR: variantsel: {OF_ANOTHER_TYPE}@12.8 ({place}) is {ANOTHER_TYPE}"
    )
    assert f"'variantsel pip --target {OF_ANOTHER_TYPE} install PACKAGE --into DIR'" in error
    assert "--platform" in error
    assert not (tmp_path / "site").exists()


def test_the_readmes_first_example_is_none_that_pip_refuses_on_the_most_common_machines() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    example = text[text.index("```toml") :]
    (target,) = re.findall(r'^target = "(.+?)"', example[: example.index("```", 7)], re.MULTILINE)
    assert Target.named(target).environment["platform_machine"] == "x86_64"


def test_tags_of_another_type_than_the_target_are_pointed_out(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    tag = f"manylinux_2_17_{platform.machine()}"
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, tag=f"py3-none-{tag}")
    options = ("--platform", tag, "--only-binary=:all:", "--target", str(tmp_path / "site"))
    result = install(environment, index, "gpu", target=OF_ANOTHER_TYPE, options=options)
    (warning,) = complaints(result)
    assert f"{OF_ANOTHER_TYPE}@12.8 is {ANOTHER_TYPE}, but" in warning
    assert "--platform" in warning


def test_packages_without_variants_are_no_business_of_a_target(
    environment: Environment, index: Index
) -> None:
    write_wheel(index.folder / "plain", "plain", "1.0")
    result = install(environment, index, "plain", target=OF_ANOTHER_TYPE)
    assert taken(result) == ["plain-1.0-py3-none-any.whl"]
    assert complaints(result) == []


# -- bad input: the install goes on with what remains, one line says what was set aside

BROKEN = {
    "not JSON": "{",
    "not UTF-8": b"\xff\xfe{}",
    "a list": "[]",
    "a wrong type": json.dumps(dict(THREE, variants=["cuda12"])),
    "a duplicate key": '{"$schema": "x/v0.2.0.json", "$schema": "x/v0.2.0.json"}',
    "an unknown major version": json.dumps(dict(THREE, **{"$schema": "x/v7.0.0.json"})),
    "50 MB": b'{"a": "' + b"x" * 50_000_000 + b'"}',
    "nested deeply": "[" * 100_000,
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=list(BROKEN))
def test_broken_variants_json_is_set_aside(
    environment: Environment, index: Index, target_file: Path, document: str | bytes
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    data = document if isinstance(document, bytes) else document.encode()
    (index.folder / "gpu" / "gpu-1.0-variants.json").write_bytes(data)
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any.whl"]
    (line,) = complaints(result)
    assert line.startswith("WARNING: gpu 1.0: set aside the variants ")
    assert "gpu-1.0-variants.json" in line
    strict = install(environment, index, "gpu", target=target_file, VARIANTSEL_STRICT="1")
    assert strict.returncode == 1
    (line,) = complaints(strict)
    assert line.startswith("ERROR: variantsel (strict): gpu 1.0: set aside the variants ")


def test_labels_missing_from_the_metadata_are_set_aside(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    write_wheel(index.folder / "gpu", "gpu", "1.0", label="aaa", variant_json=THREE)
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    (line,) = complaints(result)
    assert "set aside the variants aaa" in line


@pytest.mark.parametrize("core_metadata", [False, True], ids=["plain", "core-metadata"])
@pytest.mark.parametrize("wheel_says", ["other properties", "nothing", "not JSON"])
def test_a_wheel_that_contradicts_its_index_is_set_aside(
    environment: Environment,
    index: Index,
    target_file: Path,
    tmp_path: Path,
    core_metadata: bool,
    wheel_says: str,
) -> None:
    index.json_pages = index.core_metadata = core_metadata
    folder = write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    lie: Any = {
        "other properties": metadata({"cuda12": OLD_GPU}),
        "nothing": None,
        "not JSON": "{",
    }[wheel_says]
    write_wheel(folder, "gpu", "1.0", label="cuda12", variant_json=lie)
    result = install(
        environment, index, "gpu", target=target_file, options=("--target", str(tmp_path / "site"))
    )
    assert result.returncode == 0, result.stderr
    installed = json.loads((tmp_path / "site" / "gpu-1.0.dist-info" / "variant.json").read_text())
    assert list(installed["variants"]) == ["null"]
    assert any(
        line.startswith("WARNING: gpu 1.0: set aside gpu-1.0-py3-none-any-cuda12.whl: ")
        for line in complaints(result)
    )
    strict = install(environment, index, "gpu", target=target_file, VARIANTSEL_STRICT="1")
    assert strict.returncode == 1
    assert "ERROR: variantsel (strict): gpu 1.0: set aside" in strict.stderr


def test_a_failing_driver_is_said_and_the_install_goes_on(
    environment: Environment, index: Index
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE)
    result = install(
        environment,
        index,
        "gpu",
        NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION="99.0",
        NV_VARIANT_PROVIDER_FORCE_SM_ARCH="9.0",
    )
    assert taken(result) == ["gpu-1.0-py3-none-any-null.whl"]
    warning, notice = complaints(result)
    assert "NVIDIA" in notice
    wheel = "gpu-1.0-py3-none-any-null.whl"
    assert warning == (
        f"WARNING: gpu 1.0: this machine may have nvidia hardware, but {wheel} does not use it."
    )


# -- a variants.json that is listed and cannot be had: the wheels are asked


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_where_variants_json_cannot_be_had_the_wheels_are_asked(
    environment: Environment, index: Index, target_file: Path, status: int
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    index.statuses["gpu-1.0-variants.json"] = status
    result = install(environment, index, "--retries=0", "gpu==1.0", "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    assert_said_once(result, str(status))


def test_where_the_server_of_variants_json_is_gone_the_wheels_are_asked(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    with serve(Index(index.folder)) as other:
        gone = other.url
    index.links["gpu-1.0-variants.json"] = f"{gone}gpu/gpu-1.0-variants.json"
    result = install(environment, index, "--retries=0", "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    assert_said_once(result, "Connection refused")


def test_a_variants_json_of_another_hash_is_not_believed_and_the_wheels_are_asked(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    other = dict(THREE, variants={"cuda12": OLD_GPU, "null": {}})
    index.bodies["gpu-1.0-variants.json"] = json.dumps(other).encode()
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    assert_said_once(result, "its sha256 is not ")


def test_a_variants_json_that_does_not_come_in_time_is_not_waited_for(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    with serve_silence() as silent:
        index.links["gpu-1.0-variants.json"] = f"{silent}gpu-1.0-variants.json"
        options = ("--retries=0", "--timeout=1")
        result = install(environment, index, *options, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any-cuda12.whl"]
    assert_said_once(result, "it could not be read")


def test_where_neither_variants_json_nor_the_wheels_can_be_had_the_variants_are_set_aside(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    index.statuses["gpu-1.0-variants.json"] = 404
    index.statuses |= {f"gpu-1.0-py3-none-any-{label}.whl": 404 for label in THREE["variants"]}
    result = install(environment, index, "gpu", target=target_file)
    assert taken(result) == ["gpu-1.0-py3-none-any.whl"]
    unread, set_aside = complaints(result)
    assert "gpu-1.0-variants.json: it could not be read (404" in unread
    assert set_aside.startswith("WARNING: gpu 1.0: set aside the variants ")
    strict = install(environment, index, "gpu", target=target_file, VARIANTSEL_STRICT="1")
    assert "ERROR: variantsel (strict): gpu 1.0: set aside the variants " in strict.stderr


def assert_said_once(result: Any, reason: str) -> None:
    lines = [line for line in complaints(result) if line.startswith("WARNING: gpu")]
    (line,) = lines
    assert line.startswith("WARNING: gpu 1.0 on http://127.0.0.1:")
    assert "/gpu: gpu-1.0-variants.json: " in line
    assert reason in line
    assert line.endswith("; what the variants need is read from their wheels instead")


# -- nothing else changes


def test_packages_without_variants_resolve_byte_for_byte_the_same(
    environment: Environment, index: Index
) -> None:
    write_wheel(index.folder / "app", "app", "1.0", requires=["lib>=1"])
    for version in ("0.9", "1.0", "1.1"):
        write_wheel(index.folder / "lib", "lib", version)
    options = ("--dry-run", "--report")  # what is installed says where, and when
    reports = []
    for number, setting in enumerate(("1", "0")):
        path = environment.folder / f"report-{number}.json"
        result = install(
            environment, index, "app", options=(*options, str(path)), VARIANTSEL=setting
        )
        assert result.returncode == 0
        reports.append((path.read_bytes(), result.stdout, result.stderr))
    assert reports[0] == reports[1]


def test_switched_off_for_one_run(
    environment: Environment, index: Index, target_file: Path
) -> None:
    write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    result = install(environment, index, "gpu", target=target_file, VARIANTSEL="0")
    assert taken(result) == ["gpu-1.0-py3-none-any.whl"]
    assert "variant" not in result.stdout


def write_index_without(index: Index, label: str) -> None:
    """A release whose variants.json is older than one of its wheels."""
    folder = write_release(index.folder / "gpu", "gpu", "1.0", THREE, non_variant=True)
    listed = {name: THREE["variants"][name] for name in THREE["variants"] if name != label}
    (folder / "gpu-1.0-variants.json").write_text(json.dumps({**THREE, "variants": listed}))


def test_a_label_that_the_index_does_not_list_is_read_from_its_wheel(
    environment: Environment, index: Index, target_file: Path, tmp_path: Path
) -> None:
    write_index_without(index, "cuda12")
    options = ("--target", str(tmp_path / "site"))
    result = install(environment, index, "gpu", target=target_file, options=options)
    assert complaints(result) == []
    assert (tmp_path / "site" / "gpu.py").read_text() == "LABEL = 'cuda12'\n"


def test_a_wheel_that_contradicts_the_index_that_does_not_list_it_is_set_aside(
    environment: Environment, index: Index, target_file: Path, tmp_path: Path
) -> None:
    write_index_without(index, "cuda12")
    other = {**THREE, "default-priorities": {"namespace": ["x86_64", "nvidia"]}}
    write_wheel(index.folder / "gpu", "gpu", "1.0", label="cuda12", variant_json=other)
    options = ("--target", str(tmp_path / "site"))
    result = install(environment, index, "gpu", target=target_file, options=options)
    assert "set aside the variants cuda12: the release's variant metadata does not list them" in (
        result.stderr
    )
    assert (tmp_path / "site" / "gpu.py").read_text() == "LABEL = 'null'\n"
