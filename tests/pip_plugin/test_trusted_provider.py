"""pip install of a package whose variants only a provider package on the index can judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.plugins import CONFIG
from support.wheels import metadata, write_release, write_wheel

RELEASE = metadata(
    {"l3": {"acme": {"level": ["3"]}}, "l9": {"acme": {"level": ["9"]}}, "null": {}},
    namespaces=["acme"],
    providers={"acme": {"requires": ["acme-provider>=1"]}},
)
PROVIDER = f"""\
{CONFIG}
def get_supported_configs():
    print("hello from the provider")
    return [Config("level", ["4", "3"])]
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "index"
    write_release(folder / "tool", "tool", "1.0", RELEASE)
    write_wheel(folder / "acme-provider", "acme_provider", "1.0", module=PROVIDER)
    with serve(Index(folder)) as index:
        yield index


@pytest.fixture
def variables(tmp_path: Path, index: Index) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CACHE", "DATA", "CONFIG")}
    return {**folders, "PIP_INDEX_URL": index.url}


def test_a_provider_is_asked_once_it_is_trusted(
    environment: Environment, index: Index, variables: dict[str, str]
) -> None:
    install = ("install", "--target", "to", "--upgrade", "tool")
    before = environment.pip(*install, variables=variables)
    assert before.returncode == 0, before.stderr
    assert "tool-1.0-py3-none-any-null.whl" in before.stdout
    (line,) = before.stderr.splitlines()
    assert line == (
        "WARNING: tool 1.0: only acme-provider could tell whether l3, l9 would fit this machine; "
        "it is not trusted, so it was not asked. 'variantsel trust acme-provider' shows what would "
        "run and asks."
    )
    assert not any("acme" in request for request in index.requests)

    del variables["PIP_INDEX_URL"]
    trust = ("-m", "variantsel", "trust", "acme-provider", "--yes", "--index-url", index.url)
    trusted = environment.run(*trust, variables=variables)
    assert trusted.returncode == 0, trusted.stderr
    assert "acme_provider-1.0-py3-none-any.whl" in trusted.stdout

    after = environment.pip(*install, "--index-url", index.url, variables=variables)
    assert after.returncode == 0, after.stderr
    assert after.stderr == ""
    assert "tool 1.0: variant l3 (this machine supports acme :: level :: 3" in after.stdout
    assert "hello from the provider" not in after.stdout


def test_a_provider_that_the_configuration_trusts_is_fetched_on_the_way(
    environment: Environment, variables: dict[str, str]
) -> None:
    install = ("install", "--target", "to", "--upgrade", "tool")
    result = environment.pip(*install, variables={**variables, "VARIANTSEL_TRUST": "acme-provider"})
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "fetching the provider acme-provider, which your configuration trusts" in lines
    assert any(line.startswith("acme_provider-1.0-py3-none-any.whl sha256:") for line in lines)
    assert any(line.startswith("tool 1.0: variant l3 ") for line in lines)


def test_a_trusted_provider_that_fails_costs_the_variant_not_the_install(
    environment: Environment, index: Index, variables: dict[str, str]
) -> None:
    write_wheel(
        index.folder / "acme-provider", "acme_provider", "1.1", module="import os; os.abort()"
    )
    install = ("install", "--target", "to", "--upgrade", "tool")
    result = environment.pip(*install, variables={**variables, "VARIANTSEL_TRUST": "acme-provider"})
    assert result.returncode == 0, result.stderr
    assert result.stderr == (
        "WARNING: The trusted provider acme-provider was ended by the signal SIGABRT, so acme "
        "counts as unsupported; a target file can take its place.\n"
    )
    assert "tool-1.0-py3-none-any-null.whl" in result.stdout


def test_a_projects_file_cannot_have_a_provider_run(
    environment: Environment, index: Index, variables: dict[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "variantsel.toml").write_text('trust = ["acme-provider"]\n')
    result = environment.pip("install", "--dry-run", "tool", variables=variables, cwd=project)
    assert result.returncode != 0
    assert "which packages may be run on this machine is not for a file to say" in result.stderr
    assert not any("acme" in request for request in index.requests)
    assert not Path(variables["XDG_CACHE_HOME"], "variantsel", "plugins").exists()
