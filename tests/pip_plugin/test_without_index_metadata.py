"""Releases of which the index has no variants.json, or lists it in a way of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environments import Environment
from support.index_server import JSON_TYPE, Index, serve, serve_answers
from support.machines import CPU_NAMESPACE, CPU_PROPERTIES
from support.wheels import metadata, write_release

DOCUMENT = metadata({"cpu": CPU_PROPERTIES, "null": {}}, namespaces=[CPU_NAMESPACE])


@pytest.fixture(autouse=True)
def nothing_installed(environment: Environment) -> Iterator[None]:
    """Whatever other tests left in the environment."""
    environment.remove("pkg")
    yield
    environment.remove("pkg")


def many_labels(folder: Path, number: int) -> Index:
    """An index whose release has many labels and no variants.json."""
    variants = {f"v{position:03}": {"x86_64": {"level": ["v9"]}} for position in range(number)}
    document = metadata({**variants, "null": {}}, namespaces=["x86_64"])
    write_release(folder / "pkg", "pkg", "1.0", document, with_index_metadata=False)
    write_release(folder / "pkg", "pkg", "1.0", metadata({}), with_index_metadata=False)
    return Index(folder, ranges=True)


def install(environment: Environment, url: str, *options: str) -> tuple[str, str]:
    environment.remove("pkg")
    result = environment.pip("install", "--index-url", url, "pkg", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout, result.stderr


def test_every_label_costs_one_request_over_a_few_connections_that_are_kept(
    environment: Environment, tmp_path: Path
) -> None:
    with serve(many_labels(tmp_path, 40)) as index:
        out, error = install(environment, index.url)
    assert "variant null (" in out
    assert error == ""
    asked = [line for line in index.requests if line.endswith(".whl")]
    assert len(asked) <= 41 + 1  # and the wheel that is installed
    assert 2 < len(index.connections) < 10, index.connections  # several at a time


def test_a_release_of_many_labels_has_so_many_asked_as_is_worth_it(
    environment: Environment, tmp_path: Path
) -> None:
    with serve(many_labels(tmp_path, 300)) as index:
        _, error = install(environment, index.url, "--no-deps")
    assert len([line for line in index.requests if line.endswith(".whl")]) < 110
    assert "301 labels are listed that no variants.json has" in error
    assert len(error) < 2000


@pytest.mark.parametrize("as_json", [False, True], ids=["html", "json"])
@pytest.mark.parametrize("algorithm", ["sha256", "SHA256"])
def test_a_hash_may_be_listed_in_capitals(
    environment: Environment, tmp_path: Path, algorithm: str, as_json: bool
) -> None:
    if as_json and algorithm == "SHA256":
        pytest.skip("pip drops it from a JSON page")
    folder = write_release(tmp_path / "pkg", "pkg", "1.0", DOCUMENT)
    for is_right in (True, False):
        answers, links, entries = {}, "", []
        for path in folder.iterdir():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if path.suffix == ".json":  # of wheels, older pips do not take it
                digest = digest.upper() if is_right else "A" * 64
            answers[f"/pkg/{path.name}"] = "application/octet-stream", path.read_bytes()
            links += f'<a href="{path.name}#{algorithm}={digest}">{path.name}</a>'
            entries.append({"filename": path.name, "url": path.name, "hashes": {algorithm: digest}})
        page = {"meta": {"api-version": "1.0"}, "name": "pkg", "files": entries}
        answers["/pkg/"] = (
            (JSON_TYPE, json.dumps(page).encode()) if as_json else ("text/html", links.encode())
        )
        with serve_answers(answers) as url:
            out, error = install(environment, url)
        assert "pkg 1.0: variant cpu" in out
        if is_right:
            assert error == ""
        else:
            assert f"its sha256 is not {'a' * 64}, which the index lists" in error
