"""What is asked for in the place of a project: another name, or the same with extras."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from support.bridge_files import CUPY, JAX, ONNXRUNTIME, ROCM_EXTRAS, SOURCE, TORCH, bridge, machine

from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.replacements import Replacements
from variantsel.targets.target import StaticProperties, Target

XGBOOST = CUPY.replace("cupy-cuda13x", "xgboost").replace("cupy-cuda12x", "xgboost-cu12")
XGBOOST = XGBOOST.replace('"cupy"', '"xgboost"').replace('versions = ">=13.6"\n', "")
"""What people ask for is one of the names."""


class World:
    """An environment with what stands in for projects in it."""

    def __init__(self, *texts: str, target: str | Target) -> None:
        found = machine(target) if isinstance(target, str) else target
        self.environment = BridgedEnvironment([bridge(text) for text in texts], found)
        self.replacements = Replacements(self.environment)

    def asked(self, project: str, *extras: str, by_user: bool = True) -> str:
        found = self.replacements.of(project, extras, is_given=by_user)
        if found is None:
            return project
        listed = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
        return f"{found.name}{listed}"


@pytest.mark.parametrize(
    ("texts", "target", "project", "expected"),
    [
        ([CUPY], "h100@13.0", "cupy", "cupy-cuda13x"),
        ([CUPY], "h100@12.4", "cupy", "cupy-cuda12x"),
        ([CUPY], "v100@13.0", "cupy", "cupy-cuda12x"),
        ([CUPY], "gh200@13.0", "cupy", "cupy-cuda13x"),
        ([CUPY], "windows h100@13.0", "cupy", "cupy-cuda13x"),
        ([CUPY], "mi300x", "cupy", "cupy"),
        ([CUPY], "cpu-x86-64-v3", "cupy", "cupy"),
        ([CUPY], "macos", "cupy", "cupy"),
        ([CUPY], "h100@13.0", "numpy", "numpy"),
        ([XGBOOST], "h100@13.0", "xgboost", "xgboost"),
        ([XGBOOST], "h100@12.4", "xgboost", "xgboost-cu12"),
        ([JAX], "h100@13.0", "jax", "jax[cuda13]"),
        ([JAX], "h100@12.4", "jax", "jax[cuda12]"),
        ([JAX], "cpu-x86-64-v3", "jax", "jax"),
        ([JAX], "mi300x", "jax", "jax"),
        ([JAX], "windows h100@13.0", "jax", "jax"),  # the extras are for Linux alone
        ([ROCM_EXTRAS], "mi300x", "torch", "torch[device-gfx942]"),
        ([ROCM_EXTRAS], "h100", "torch", "torch"),
    ],
)
def test_a_project_is_asked_for_by_the_name_and_with_the_extras_that_fit(
    texts: Sequence[str], target: str, project: str, expected: str
) -> None:
    assert World(*texts, target=target).asked(project) == expected


def test_a_tpu_has_its_extra() -> None:
    tpu = Target(
        "tpu",
        StaticProperties({"tpu": {"present": ["true"]}}),
        environment={"sys_platform": "linux", "platform_machine": "x86_64"},
    )
    assert World(JAX, target=tpu).asked("jax") == "jax[tpu]"


def test_extras_are_added_for_each_gpu_where_that_is_how_it_is() -> None:
    two = Target(
        "two GPUs",
        StaticProperties({"amd": {"gfx_arch": ["gfx1100", "gfx942"]}}),
        environment={"sys_platform": "linux", "platform_machine": "x86_64"},
    )
    assert World(ROCM_EXTRAS, target=two).asked("torch") == "torch[device-gfx1100,device-gfx942]"


def test_extras_stay_and_one_that_the_user_named_is_not_joined_by_another() -> None:
    world = World(JAX, target="h100@13.0")
    assert world.asked("jax", "k8s") == "jax[cuda13,k8s]"
    assert world.asked("jax", "cuda12") == "jax"  # nothing to replace: as it was asked for
    assert World(ROCM_EXTRAS, target="mi300x").asked("torch", "device-gfx1100") == "torch"


def test_a_name_that_the_user_gave_is_the_one() -> None:
    world = World(CUPY, target="h100@13.0")
    world.replacements.note_given("cupy-cuda12x")
    assert world.asked("cupy-cuda12x") == "cupy-cuda12x"
    assert world.asked("cupy", by_user=False) == "cupy-cuda12x"
    assert world.asked("cupy-cuda13x", by_user=False) == "cupy-cuda12x"
    assert world.environment.toolkit == "cu12"


def test_a_requirement_inside_another_package_follows_the_environment() -> None:
    world = World(CUPY, target="h100@13.0")
    assert world.asked("cupy-cuda12x", by_user=False) == "cupy-cuda13x"
    assert world.asked("cupy-cuda13x", by_user=False) == "cupy-cuda13x"


def test_what_is_installed_is_the_one() -> None:
    world = World(CUPY, target="h100@13.0")
    world.replacements.note_installed("cupy-cuda12x")
    assert world.asked("cupy") == "cupy-cuda12x"


def test_one_toolkit_is_for_the_whole_environment() -> None:
    world = World(TORCH, CUPY, JAX, target="h100@13.0")
    world.environment.settle("torch", Version("2.10.0"), "cu126")
    assert world.asked("cupy") == "cupy-cuda12x"
    assert world.asked("jax") == "jax[cuda12]"
    other = World(TORCH, CUPY, JAX, target="h100@13.0")
    other.environment.settle("torch", Version("2.15.0"), "cu132")
    assert other.asked("cupy") == "cupy-cuda13x"
    assert other.asked("jax") == "jax[cuda13]"


def test_an_extra_counts_for_the_versions_that_have_it() -> None:
    since = JAX.replace('extras = ["cuda13"]', 'extras = ["cuda13"]\nversions = ">=0.7.2"')
    replacements = World(since, target="h100@13.0").replacements
    for asked, extra in ((">=0.4", "cuda13"), ("==0.8.0", "cuda13"), ("==0.6.2", "cuda12")):
        found = replacements.of("jax", versions=SpecifierSet(asked), is_given=True)
        assert found is not None
        assert found.extras == {extra}


def test_what_was_asked_for_once_is_asked_for_again() -> None:
    world = World(TORCH, CUPY, target="h100@13.0")
    assert world.asked("cupy") == "cupy-cuda13x"
    world.environment.settle("torch", Version("2.10.0"), "cu126")
    assert world.asked("cupy") == "cupy-cuda13x"


def test_a_build_for_cpus_settles_no_toolkit() -> None:
    world = World(TORCH, CUPY, target="h100@13.0")
    world.environment.settle("torch", Version("2.15.0"), "cpu")
    assert world.asked("cupy") == "cupy-cuda13x"


def test_where_nothing_of_the_toolkit_fits_the_best_that_fits_is_taken() -> None:
    world = World(TORCH, CUPY, target="h100@12.4")
    world.environment.toolkit = "cu13"
    assert world.asked("cupy") == "cupy-cuda12x"


# -- projects that install over each other


def test_one_of_those_that_install_over_each_other_meets_a_requirement_for_any() -> None:
    world = World(ONNXRUNTIME, target="h100@13.0")
    world.replacements.note_given("onnxruntime-gpu")
    assert world.asked("onnxruntime-gpu") == "onnxruntime-gpu"
    assert world.asked("onnxruntime", by_user=False) == "onnxruntime-gpu"
    assert world.asked("onnxruntime-directml", by_user=False) == "onnxruntime-gpu"


def test_the_first_that_is_asked_for_is_taken_and_a_better_one_the_next_time() -> None:
    world = World(ONNXRUNTIME, target="h100@13.0")
    assert world.asked("onnxruntime", by_user=False) == "onnxruntime"
    assert world.asked("onnxruntime-gpu", by_user=False) == "onnxruntime"
    assert world.replacements.start_again()
    assert world.asked("onnxruntime", by_user=False) == "onnxruntime-gpu"
    assert not world.replacements.start_again()


def test_what_the_user_gave_is_not_given_up_for_a_better_one() -> None:
    world = World(ONNXRUNTIME, target="h100@13.0")
    world.replacements.note_given("onnxruntime")
    assert world.asked("onnxruntime-gpu", by_user=False) == "onnxruntime"
    assert not world.replacements.start_again()


def test_a_bridge_says_whose_rows_they_are_and_which_label_is_served() -> None:
    world = World(CUPY, target="h100@13.0")
    found = world.replacements.of("cupy", is_given=True)
    assert found is not None
    assert (found.bridge.name, found.label) == ("cupy", "cuda13")


def test_the_extras_of_a_name_that_is_taken_instead_are_added_as_well() -> None:
    text = f"""{CUPY}
[[extra]]
project = "cupy-cuda13x"
label = "cuda13"
extras = ["ctk"]
{SOURCE}"""
    assert World(text, target="h100@13.0").asked("cupy") == "cupy-cuda13x[ctk]"
    assert World(text, target="h100@12.4").asked("cupy") == "cupy-cuda12x"
