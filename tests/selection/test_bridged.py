"""What bridges make of an environment on one machine: labels, pages, one label for a family."""

from __future__ import annotations

import pytest
from packaging.version import Version
from support.bridge_files import (
    ALL,
    CUPY,
    JAX,
    ONNXRUNTIME,
    ROCM_EXTRAS,
    SOURCE,
    TORCH,
    bridge,
    machine,
)

from variantsel.selection.bridge_overview import bridges_that_change, labels_on, offers, verdicts
from variantsel.selection.bridged import BridgedEnvironment
from variantsel.selection.label_for_all import LabelForAll
from variantsel.targets.target import StaticProperties, Target

NEWER = f"""
[[label]]
label = "cu132"
platforms = ["linux-x86_64"]
needs.nvidia.cuda_version_lower_bound = ["13.0"]
needs.nvidia.sm_arch = ["75_real", "80_real", "86_real", "89_real", "90_real"]
{SOURCE}"""

TORCH_LABELS = {
    "h100@12.4": ["cu128", "cu126", "cpu"],
    "h100@13.0": ["cu132", "cu130", "cu128", "cu126", "cpu"],
    "v100@13.0": ["cu128", "cu126", "cpu"],
    "gtx-1080-ti@12.8": ["cu126", "cpu"],
    "rtx-5090@12.8": ["cu128", "cpu"],
    "gh200@13.0": ["cu132", "cu130", "cu128", "cpu"],
    "gh200@12.8": ["cu128", "cpu"],
    "jetson-thor": ["cu132", "cu130", "cpu"],
    "mi300x@7.2": ["rocm7.2", "cpu"],
    "mi210": ["rocm7.2", "cpu"],
    "arc-b580": ["xpu", "cpu"],
    "cpu-x86-64-v3": ["cpu"],
    "graviton4": ["cpu"],
    "windows h100@13.0": ["cu132", "cu130", "cu128", "cu126", "cpu"],
    "windows": ["cpu"],
    "macos": ["cpu"],
}


def environment(*texts: str, target: str | Target) -> BridgedEnvironment:
    found = machine(target) if isinstance(target, str) else target
    return BridgedEnvironment([bridge(text) for text in texts], found)


@pytest.mark.parametrize(("name", "labels"), TORCH_LABELS.items(), ids=TORCH_LABELS.keys())
def test_the_labels_that_fit_a_machine_come_best_first(name: str, labels: list[str]) -> None:
    bridged = environment(TORCH, target=name)
    (torch,) = bridged.bridges
    assert bridged.fitting_labels(torch, "torch") == labels


def test_what_uses_several_makers_comes_in_one_order_of_makers() -> None:
    both = Target(
        "both",
        StaticProperties(
            {
                "amd": {"gfx_arch": ["gfx942"]},
                "nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]},
                "intel": {"device_ip": ["20.1.0"]},
            }
        ),
        environment={"sys_platform": "linux", "platform_machine": "x86_64"},
    )
    bridged = environment(TORCH, target=both)
    assert bridged.fitting_labels(bridged.bridges[0], "torch") == [
        *("cu128", "cu126"),
        *("rocm7.2", "xpu", "cpu"),
    ]


def test_the_order_of_the_file_breaks_the_tie_of_labels_that_need_the_same() -> None:
    newest_last = (
        TORCH.replace("cu132", "cu999").replace("cu130", "cu132").replace("cu999", "cu130")
    )
    bridged = environment(newest_last, target="h100@13.0")
    assert bridged.fitting_labels(bridged.bridges[0], "torch")[:2] == ["cu130", "cu132"]


def test_only_pages_of_labels_that_fit_are_looked_at() -> None:
    bridged = environment(TORCH, target="h100@12.4")
    assert list(bridged.pages("torch").items()) == [
        (f"https://download.example/whl/{label}/torch/", label)
        for label in ("cu128", "cu126", "cpu")
    ]
    assert bridged.pages("cupy") == {}
    assert bridged.pages("torch-xla") == {}
    assert bridged.pages("pytorch-triton-rocm") == {}
    on_amd = environment(TORCH, target="mi300x")
    assert [*on_amd.pages("pytorch-triton-rocm").values()] == ["rocm7.2"]


def test_a_page_that_somebody_asked_for_is_looked_at_as_well() -> None:
    bridged = environment(TORCH, target="cpu-x86-64-v3")
    bridged.note_wanted("torch", "cu126")
    assert [*bridged.pages("torch").values()] == ["cpu", "cu126"]


def test_a_release_is_ranked_with_reasons() -> None:
    ranking = environment(TORCH, target="v100@13.0").ranking(
        "torch", Version("2.15.0"), ["cu132", "cu126", "cpu"]
    )
    assert ranking is not None
    assert ranking.labels == ["cu126", "cpu"]
    assert "sm_arch :: 75_real, " in str(ranking.rejected["cu132"])
    assert environment(CUPY, target="h100").ranking("torch", Version("2"), ["cpu"]) is None


def test_of_two_bridges_that_know_a_project_the_one_for_the_machines_accelerator_counts() -> None:
    amd = ROCM_EXTRAS.replace('[[extra]]\nproject = "torch"\nlabel = "gfx942"', "{}").replace(
        "{}",
        f'[[default]]\nprojects = ["torch"]\nlabel = "gfx942"\n{SOURCE}[[extra]]\n'
        'project = "torch"\nlabel = "gfx942"',
    )
    for target, name in (("mi300x", "therock"), ("h100", "torch"), ("cpu-x86-64-v3", "therock")):
        bridged = environment(amd, TORCH.replace("gfx942", "gfx908"), target=target)
        found = bridged.bridge_of("torch")
        assert found is not None and found.name == name


# -- one label for a family, one toolkit for an environment


def test_what_one_member_is_all_are() -> None:
    bridged = environment(TORCH, target="h100@13.0")
    assert bridged.is_open("torchvision", "cu126")
    bridged.settle("torch", Version("2.15.0"), "cu132")
    assert bridged.settled == {"torch": "cu132"}
    assert bridged.is_open("torchvision", "cu132")
    assert not bridged.is_open("torchvision", "cu126")
    assert bridged.is_open("torchvision", "")
    assert bridged.is_open("cupy-cuda12x", "cuda12")
    bridged.settle("torchvision", Version("0.30"), "cu126")  # the first that was taken counts
    assert bridged.settled == {"torch": "cu132"}


@pytest.mark.parametrize(("target", "label"), [("mi300x@7.2", "rocm7.2"), ("arc-b580", "xpu")])
def test_a_project_without_builds_for_the_accelerator_does_not_hold_up_its_family(
    target: str, label: str
) -> None:
    codec = f'[[member]]\nproject = "torchcodec"\nlabels = ["cu130", "cpu"]\n{SOURCE}'
    bridged = environment(TORCH + codec, target=target)
    bridged.settle("torchcodec", Version("0.17.0"), "cpu")
    assert bridged.settled == {}
    bridged.settle("torch", Version("2.15.0"), label)
    assert bridged.is_open("torchcodec", "cpu")
    assert not bridged.is_open("torchvision", "cpu")
    LabelForAll(bridged).check("torchcodec", "torchcodec 0.17.0", ["cpu"])
    assert bridged.settled == {"torch": label}


@pytest.mark.parametrize(("target", "label"), [("h100@13.0", "cu130"), ("cpu-x86-64-v3", "cpu")])
def test_a_project_with_builds_for_the_machine_follows_its_family(target: str, label: str) -> None:
    codec = f'[[member]]\nproject = "torchcodec"\nlabels = ["cu130", "cpu"]\n{SOURCE}'
    bridged = environment(TORCH + codec, target=target)
    bridged.settle("torchcodec", Version("0.17.0"), label)
    assert bridged.settled == {"torch": label}
    assert not bridged.is_open("torch", "cu128")


def test_a_label_that_cannot_be_had_for_all_is_given_up_for_all() -> None:
    bridged = environment(TORCH, target="h100@13.0")
    (torch,) = bridged.bridges
    assert bridged.rule_out(torch) == ""  # nothing was settled on
    bridged.settle("torch", Version("2.15.0"), "cu132")
    assert bridged.rule_out(torch) == "cu132"
    bridged.start_again()
    assert (bridged.settled, bridged.toolkit) == ({}, "")
    assert not bridged.is_open("torch", "cu132")
    bridged.settle("torch", Version("2.15.0"), "cu132")
    assert bridged.settled == {}
    bridged.settle("torch", Version("2.15.0"), "cu130")
    assert bridged.is_open("torchvision", "cu130")


def test_the_last_label_is_not_given_up() -> None:
    bridged = environment(TORCH, target="h100@13.0")
    (torch,) = bridged.bridges
    for label in ("cu132", "cu130", "cu128", "cu126", "rocm7.2", "xpu"):
        bridged.settle("torch", None, label)
        assert bridged.rule_out(torch) == label
        bridged.start_again()
    bridged.settle("torch", None, "cpu")
    assert bridged.rule_out(torch) == ""


def test_the_toolkit_of_what_was_taken_first_is_the_environments() -> None:
    bridged = environment(TORCH, CUPY, target="h100@13.0")
    bridged.settle("torch", Version("2.10.0"), "cu126")
    assert bridged.toolkit == "cu12"
    bridged.settle("cupy-cuda13x", Version("14.0"), "cuda13")
    assert bridged.toolkit == "cu12"
    bridged.start_again()
    bridged.settle("torch", Version("2.15.0"), "cpu")
    assert bridged.toolkit == ""


# -- what a machine would get


OFFERS = {
    ("torch", "h100@13.0"): ("cu132", "torch", "", False),
    ("torch", "h100@12.4"): ("cu128", "torch", "https://download.example/whl/cu128/torch/", True),
    ("torch", "cpu-x86-64-v3"): ("cpu", "torch", "https://download.example/whl/cpu/torch/", True),
    ("torch", "graviton4"): ("cpu", "torch", "https://download.example/whl/cpu/torch/", True),
    ("torch", "macos"): ("cpu", "torch", "", False),
    ("cupy", "h100@13.0"): ("cuda13", "cupy-cuda13x", "", True),
    ("cupy", "h100@12.4"): ("cuda12", "cupy-cuda12x", "", True),
    ("cupy", "v100@13.0"): ("cuda12", "cupy-cuda12x", "", True),
    ("cupy", "mi300x"): ("", "cupy", "", False),
    ("jax", "gh200@13.0"): ("cuda13", "jax[cuda13]", "", True),
    ("jax", "cpu-x86-64-v3"): ("cpu", "jax", "", False),
    ("onnxruntime-gpu", "h100@13.0"): ("cuda13", "onnxruntime-gpu", "", False),
    ("onnxruntime-gpu", "h100@12.4"): ("cuda12", "onnxruntime-gpu", "", True),
}


@pytest.mark.parametrize(("asked", "offer"), OFFERS.items(), ids=str)
def test_what_a_machine_gets_of_a_project(
    asked: tuple[str, str], offer: tuple[str, str, str, bool]
) -> None:
    project, target = asked
    name = "onnxruntime" if project == "onnxruntime-gpu" else project
    found = {item.project: item for item in offers(bridge(ALL[name]), machine(target))}[project]
    assert (found.label, found.requirement, found.page, found.changes) == offer


def test_an_offer_says_what_is_taken_where_there_is_none_of_the_best() -> None:
    found = offers(bridge(TORCH), machine("h100@13.0"))[0]
    assert (found.label, found.then) == ("cu132", ("cu130", "cu128", "cu126", "cpu"))


def test_a_build_that_uses_the_accelerator_is_not_worse_for_being_older() -> None:
    newer = TORCH.replace('[[label]]\nlabel = "cu132"', '[[label]]\nlabel = "cu134"')
    found = offers(bridge(newer + NEWER), machine("h100@13.0"))[0]
    assert (found.label, found.default, found.changes) == ("cu132", "cu132", False)
    assert found.then[:2] == ("cu134", "cu130")


def test_an_offer_says_which_versions_have_such_builds() -> None:
    (found,) = offers(bridge(ONNXRUNTIME), machine("h100@13.0"))
    assert found.versions == ">=1.27"
    (found,) = offers(bridge(CUPY), machine("h100@13.0"))
    assert found.versions == ">=13.6"


@pytest.mark.parametrize(
    ("name", "changing"),
    [
        ("h100@13.0", ["jax", "cupy"]),
        ("h100@12.4", ["torch", "jax", "onnxruntime", "cupy"]),
        ("mi300x", ["torch"]),
        ("cpu-x86-64-v3", ["torch"]),
        ("windows", []),
        ("windows h100@13.0", ["torch", "cupy"]),
        ("macos", []),
    ],
)
def test_the_bridges_that_would_change_what_a_machine_gets(name: str, changing: list[str]) -> None:
    bridges = [bridge(text) for text in ALL.values()]
    assert [item.name for item in bridges_that_change(bridges, machine(name))] == changing


def test_every_label_has_a_verdict() -> None:
    found = {(item.row.label, item.fits): item for item in verdicts(bridge(TORCH), machine("v100"))}
    assert ("cu126", True) in found
    reason = found["cu132", False].reason("linux-x86_64")
    assert reason == "is for linux-aarch64, not for linux-x86_64."
    (x86,) = (
        item
        for item in verdicts(bridge(TORCH), machine("v100@13.0"))
        if item.row.label == "cu132" and not item.platforms
    )
    assert x86.reason("linux-x86_64").startswith("needs nvidia :: sm_arch :: 75_real, ")


@pytest.mark.parametrize(
    ("text", "project", "version", "labels"),
    [
        (TORCH, "torch", "2.15", ["cu132", "cu130", "cu128", "cu126", "rocm7.2", "xpu", "cpu"]),
        (CUPY, "cupy", "14", ["cuda13", "cuda12"]),
        (CUPY, "cupy", "13.0", ["cuda12"]),
        (CUPY, "cupy-cuda12x", None, ["cuda12"]),
        (ONNXRUNTIME, "onnxruntime-gpu", "1.26", ["cuda12"]),
        (ONNXRUNTIME, "onnxruntime-gpu", None, ["cuda13", "cuda12"]),
        (JAX, "jax", "0.12", ["cuda13", "cuda12", "tpu", "cpu"]),
    ],
)
def test_the_labels_that_are_known_of_a_version(
    text: str, project: str, version: str | None, labels: list[str]
) -> None:
    parsed = Version(version) if version else None
    assert labels_on(bridge(text), project, parsed, "linux-x86_64") == labels
