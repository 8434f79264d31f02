"""pip with a bridge on, where no build of a project fits and its own name is something else."""

from __future__ import annotations

import platform
from collections.abc import Iterator

import pytest
from support.bridged_world import BridgedWorld, bridged_world
from support.environments import Environment
from support.todays_indexes import publish_others

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the machines of the table are x86-64"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgedWorld]:
    world = bridged_world(tmp_path_factory.mktemp("today"))
    publish_others(world)
    world.publish("needs_cudf", "1.0", tag="py3-none-any", requires=["cudf"])
    world.publish("needs_cuml", "1.0", tag="py3-none-any", requires=["cuml"])
    world.publish("may_need_cudf", "1.0", tag="py3-none-any", requires=['cudf; extra == "gpu"'])
    with world.running():
        yield world


def install(
    environment: Environment, world: BridgedWorld, target: str, *what: str, **variables: str
) -> tuple[int, str]:
    variables = {"VARIANTSEL_BRIDGE": "cupy,rapids", "VARIANTSEL_TARGET": target, **variables}
    before = set(environment.site_packages.glob("*.dist-info"))
    result = environment.pip("install", *what, variables=world.variables(**variables))
    added = set(environment.site_packages.glob("*.dist-info")) - before
    if added:
        names = [path.name.partition("-")[0] for path in added]
        environment.pip("uninstall", "--yes", *names)
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("target", ["cpu-x86-64-v3", "mi300x"])
def test_a_placeholder_is_never_taken_without_a_word(
    environment: Environment, world: BridgedWorld, target: str
) -> None:
    code, said = install(environment, world, target, "cudf")
    assert code == 0, said
    assert (
        said.count(
            f"cudf: none of its builds, which are cudf-cu13, cudf-cu12, cudf-cu11, fits {target}"
        )
        == 1
    )


def test_nor_for_another_package(environment: Environment, world: BridgedWorld) -> None:
    code, said = install(environment, world, "cpu-x86-64-v3", "needs-cudf")
    assert code == 0, said
    assert said.count("cudf: none of its builds") == 1


def test_nothing_is_said_of_what_is_not_taken(
    environment: Environment, world: BridgedWorld
) -> None:
    assert (
        "none of its builds" not in install(environment, world, "cpu-x86-64-v3", "may-need-cudf")[1]
    )
    assert "none of its builds" not in install(environment, world, "h100@12.4", "cudf")[1]


@pytest.mark.parametrize("what", ["cudf", "needs-cudf"])
def test_the_strict_get_no_placeholder(
    environment: Environment, world: BridgedWorld, what: str
) -> None:
    code, said = install(environment, world, "cpu-x86-64-v3", what, VARIANTSEL_STRICT="1")
    assert code == 1
    assert "variantsel (strict): cudf: none of its builds" in said


@pytest.mark.parametrize("what", ["cuml", "needs-cuml"])
def test_where_nothing_is_found_by_that_name_the_reason_is_told(
    environment: Environment, world: BridgedWorld, what: str
) -> None:
    code, said = install(environment, world, "cpu-x86-64-v3", what)
    assert code == 1
    assert said.count("cuml: none of its builds, which are cuml-cu13, cuml-cu12") == 1
