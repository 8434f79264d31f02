"""Two sources of one project: which of them a wheel is taken from."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environments import Environment
from support.index_server import Index, serve, serve_folder
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES
from support.wheels import metadata, write_release, write_wheel

NULL = metadata({"null": {}}, namespaces=[CPU_NAMESPACE])
BOTH = metadata({"cpu": CPU_PROPERTIES, "null": {}}, namespaces=[CPU_NAMESPACE])
BETTER_TAG = f"py{sys.version_info[0]}{sys.version_info[1]}-none-any"
RESOLVERS = pytest.mark.parametrize(
    "resolver", [(), ("--use-deprecated=legacy-resolver",)], ids=["new", "legacy"]
)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Index]:
    (tmp_path / "ours").mkdir()
    with serve(Index(tmp_path / "ours")) as index:
        yield index


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Index]:
    (tmp_path / "theirs").mkdir()
    with serve(Index(tmp_path / "theirs")) as index:
        yield index


def install(
    environment: Environment, *arguments: str, **variables: str
) -> tuple[str, str, int, str]:
    """What pip says on both streams, its status, and the module that is there then."""
    environment.remove("pkg")
    result = environment.pip("install", *arguments, "pkg", variables=variables)
    module = environment.run("-c", "import pkg; print(pkg.FROM)").stdout.strip()
    return result.stdout, result.stderr, result.returncode, module


def from_both(first: Index, second: Index) -> tuple[str, ...]:
    return "--index-url", first.url, "--extra-index-url", second.url


@RESOLVERS
@pytest.mark.parametrize("better", [{"tag": BETTER_TAG}, {"build": "7"}], ids=["tag", "build"])
def test_a_null_variant_does_not_take_the_place_of_another_sources_better_wheel(
    environment: Environment,
    ours: Index,
    theirs: Index,
    better: dict[str, str],
    resolver: tuple[str, ...],
) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n", **better)
    write_release(theirs.folder / "pkg", "pkg", "1.0", NULL, module="FROM = 'theirs'\n")
    for indexes in (from_both(ours, theirs), from_both(theirs, ours)):
        out, error, status, module = install(environment, *indexes, *resolver)
        assert (status, module) == (0, "ours"), out + error
        assert "pkg 1.0: no variant fits this machine but null on " in out
        assert f"{ours.url}pkg, which would come first among ordinary wheels" in out


@pytest.mark.parametrize("better", [{"tag": BETTER_TAG}, {"build": "7"}, {}])
def test_a_null_variant_is_taken_where_pip_would_take_it_as_an_ordinary_wheel(
    environment: Environment, ours: Index, theirs: Index, better: dict[str, str]
) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n")
    write_wheel(theirs.folder / "pkg", "pkg", "1.0", module="FROM = 'theirs'\n", **better)
    orders = (from_both(ours, theirs), from_both(theirs, ours))
    plain = [install(environment, *order, VARIANTSEL="0")[3] for order in orders]
    assert not better or plain == ["theirs"] * 2
    for wheel in (theirs.folder / "pkg").iterdir():
        wheel.unlink()
    write_release(theirs.folder / "pkg", "pkg", "1.0", NULL, module="FROM = 'theirs'\n", **better)
    assert [install(environment, *order)[3] for order in orders] == plain


@RESOLVERS
def test_a_variant_for_what_the_machine_has_is_taken_and_its_source_named(
    environment: Environment, ours: Index, theirs: Index, resolver: tuple[str, ...]
) -> None:
    better = {"tag": BETTER_TAG, "build": "7"}
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n", **better)
    write_release(theirs.folder / "pkg", "pkg", "1.0", BOTH, module="FROM = 'theirs'\n")
    out, _, _, module = install(environment, *from_both(ours, theirs), *resolver)
    assert module == "theirs"
    assert f"pkg 1.0: variant cpu on {theirs.url}pkg (this machine supports" in out


def test_where_there_is_one_source_it_is_not_named(environment: Environment, ours: Index) -> None:
    write_release(ours.folder / "pkg", "pkg", "1.0", BOTH, module="FROM = 'ours'\n")
    out, *_ = install(environment, "--index-url", ours.url)
    assert "pkg 1.0: variant cpu (this machine supports" in out


# -- sources = "first"

FIRST = {"VARIANTSEL_SOURCES": "first"}


@RESOLVERS
def test_the_first_index_that_has_the_project_decides_alone(
    environment: Environment, ours: Index, theirs: Index, resolver: tuple[str, ...]
) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n")
    write_release(theirs.folder / "pkg", "pkg", "1.0", BOTH, module="FROM = 'theirs'\n")
    write_wheel(theirs.folder / "pkg", "pkg", "2.0", module="FROM = 'theirs'\n")
    for first, second in ((ours, theirs), (theirs, ours)):
        out, error, status, module = install(
            environment, *from_both(first, second), *resolver, **FIRST
        )
        assert (status, module) == (0, "ours" if first is ours else "theirs"), out + error
    assert install(environment, *from_both(ours, theirs), *resolver)[3] == "theirs"


def test_a_file_sets_it_and_a_variable_that_is_empty_unsets_it(
    environment: Environment, ours: Index, theirs: Index, tmp_path: Path
) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n")
    write_wheel(theirs.folder / "pkg", "pkg", "2.0", module="FROM = 'theirs'\n")
    file = tmp_path / "variantsel.toml"
    file.write_text('sources = "first"\n')
    order = from_both(ours, theirs)
    assert install(environment, *order, VARIANTSEL_CONFIG=str(file))[3] == "ours"
    variables = {"VARIANTSEL_CONFIG": str(file), "VARIANTSEL_SOURCES": ""}
    assert install(environment, *order, **variables)[3] == "theirs"
    for value in ('"all"', '""', "true"):
        file.write_text(f"sources = {value}\n")
        _, error, status, _ = install(environment, *order, VARIANTSEL_CONFIG=str(file))
        assert status == 1
        assert 'expected "first"' in error


def test_the_next_index_has_its_turn_where_the_first_has_nothing_of_the_name(
    environment: Environment, ours: Index, theirs: Index, tmp_path: Path
) -> None:
    write_wheel(theirs.folder / "pkg", "pkg", "1.0", module="FROM = 'theirs'\n")
    assert install(environment, *from_both(ours, theirs), **FIRST)[3] == "theirs"
    (tmp_path / "folder").mkdir()
    indexes = ("--index-url", str(tmp_path / "folder"), "--extra-index-url", theirs.url)
    assert install(environment, *indexes, **FIRST)[3] == "theirs"


def test_a_first_index_that_has_only_what_fits_nobody_still_decides(
    environment: Environment, ours: Index, theirs: Index
) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", tag="py2-none-any")
    write_wheel(theirs.folder / "pkg", "pkg", "1.0", module="FROM = 'theirs'\n")
    _, error, status, module = install(environment, *from_both(ours, theirs), **FIRST)
    assert (status, module) == (1, "")
    assert "No matching distribution found for pkg" in error


@pytest.mark.parametrize("status_code", [401, 403, 500, 503])
def test_an_index_that_does_not_tell_is_an_error(
    environment: Environment, ours: Index, theirs: Index, status_code: int
) -> None:
    ours.statuses["pkg"] = status_code
    write_wheel(theirs.folder / "pkg", "pkg", "1.0", module="FROM = 'theirs'\n")
    options = ("--retries", "0", *from_both(ours, theirs), "--no-input")
    _, error, status, module = install(environment, *options, **FIRST)
    assert (status, module) == (1, "")
    assert 'ERROR: variantsel: sources = "first": ' in error
    assert f"{ours.url}pkg/ does not tell whether it has pkg (" in error
    assert install(environment, *options)[3] == "theirs"


def test_find_links_take_part(environment: Environment, ours: Index, tmp_path: Path) -> None:
    write_wheel(ours.folder / "pkg", "pkg", "1.0", module="FROM = 'ours'\n")
    write_wheel(tmp_path / "links", "pkg", "2.0", module="FROM = 'links'\n")
    options = (*from_both(ours, ours), "--find-links", str(tmp_path / "links"))
    assert install(environment, *options, **FIRST)[3] == "links"


# -- hashes


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@RESOLVERS
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "unlisted"])
def test_a_hash_that_only_an_ordinary_wheel_has_picks_it(
    environment: Environment, tmp_path: Path, resolver: tuple[str, ...], listed: bool
) -> None:
    folder = write_release(tmp_path / "pkg", "pkg", "1.0", BOTH, module="FROM = 'variant'\n")
    ordinary = write_wheel(folder, "pkg", "1.0", module="FROM = 'ordinary'\n")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"pkg==1.0 --hash=sha256:{sha256(ordinary)}\n")
    environment.remove("pkg")
    with serve(Index(tmp_path)) as index, serve_folder(tmp_path) as served:
        url = index.url if listed else served.url
        arguments = ("install", "--index-url", url, *resolver, "-r", str(requirements))
        result = environment.pip(*arguments)
    assert result.returncode == 0, result.stderr
    assert environment.run("-c", "import pkg; print(pkg.FROM)").stdout == "ordinary\n"


@RESOLVERS
def test_a_hash_that_no_file_has_is_the_error_that_pip_knows(
    environment: Environment, tmp_path: Path, resolver: tuple[str, ...]
) -> None:
    folder = write_release(tmp_path / "pkg", "pkg", "1.0", BOTH, module="FROM = 'variant'\n")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"pkg==1.0 --hash=sha256:{'0' * 64}\n")
    environment.remove("pkg")
    for with_ordinary in (False, True):
        if with_ordinary:
            write_wheel(folder, "pkg", "1.0", module="FROM = 'ordinary'\n")
        with serve_folder(tmp_path) as served:
            arguments = ("install", "--index-url", served.url, *resolver, "-r", str(requirements))
            result = environment.pip(*arguments)
        assert result.returncode == 1
        assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_variant_that_is_not_what_the_index_lists_is_no_reason_to_take_another(
    environment: Environment, tmp_path: Path
) -> None:
    folder = write_release(tmp_path / "pkg", "pkg", "1.0", BOTH, module="FROM = 'variant'\n")
    variant = next(folder.glob("*-cpu.whl"))
    write_wheel(folder, "pkg", "1.0", module="FROM = 'ordinary'\n")
    environment.remove("pkg")
    other = (folder / "pkg-1.0-py3-none-any-null.whl").read_bytes()
    with serve(Index(tmp_path, bodies={variant.name: other})) as index:
        result = environment.pip("install", "--index-url", index.url, "pkg")
    assert result.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stderr
