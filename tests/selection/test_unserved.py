"""What is said where no build of a project fits, and its own name holds none of them."""

from __future__ import annotations

import pytest
from support.bridge_files import CUPY, JAX, ONNXRUNTIME, bridge, machine

from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.unserved import unserved_line


def line(text: str, target: str, project: str) -> str:
    return unserved_line(BridgedEnvironment([bridge(text)], machine(target)), project)


def test_the_names_of_its_builds_and_why_none_fits() -> None:
    said = line(CUPY, "cpu-x86-64-v3", "cupy")
    assert said.startswith(
        "cupy: none of its builds, which are cupy-cuda13x, cupy-cuda12x, fits cpu-x86-64-v3 "
        "(bridge cupy). cuda13 needs nvidia :: "
    )
    assert " cuda12 needs nvidia :: " in said
    assert said.endswith("is something else: its sources, or a placeholder.")


def test_a_platform_without_any() -> None:
    assert "There are none for macos-aarch64." in line(CUPY, "macos", "cupy")


@pytest.mark.parametrize(
    ("text", "project"),
    [
        (CUPY, "cupy-cuda12x"),  # the user named a build
        (CUPY, "numpy"),
        (JAX, "jax"),
        (ONNXRUNTIME, "onnxruntime"),
        (CUPY.replace("cupy-cuda13x", "cupy"), "cupy"),  # its own name is one of them
    ],
)
def test_nothing_where_the_name_holds_builds(text: str, project: str) -> None:
    assert line(text, "cpu-x86-64-v3", project) == ""
