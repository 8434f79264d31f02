"""Named machines: what each supports, its driver parameter, its errors, its sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from archspec.cpu import TARGETS
from support.wheels import metadata
from variantsel_providers import aarch64, amd, tpu

import variantsel
from variantsel import InvalidTarget, Target
from variantsel.targets import machines
from variantsel.targets.machines import find_machine, machine_names

FOLDER = Path(machines.__file__).parent

NVIDIA = {
    "gh200": ("aarch64", "12.8", "90"),
    "gb200": ("aarch64", "12.8", "100"),
    "gb300": ("aarch64", "12.9", "103"),
    "h100": ("x86_64", "12.8", "90"),
    "h200": ("x86_64", "12.8", "90"),
    "b200": ("x86_64", "12.8", "100"),
    "rtx-4090": ("x86_64", "12.8", "89"),
    "rtx-5090": ("x86_64", "12.8", "120"),
    "rtx-pro-6000": ("x86_64", "12.8", "120"),
    "b300": ("x86_64", "12.9", "103"),
    "a100": ("x86_64", "12.8", "80"),
    "a10g": ("x86_64", "12.8", "86"),
    "l4": ("x86_64", "12.8", "89"),
    "l40s": ("x86_64", "12.8", "89"),
    "t4": ("x86_64", "12.8", "75"),
    "v100": ("x86_64", "12.8", "70"),
    "rtx-3090": ("x86_64", "12.8", "86"),
    "dgx-spark": ("aarch64", "13.0", "121"),
    "jetson-thor": ("aarch64", "13.0", "110"),
    "vera-rubin": ("aarch64", "13.5", "107"),
}
AMD = {"mi210": "gfx90a", "mi300x": "gfx942", "mi355x": "gfx950"}
CPUS = {
    "cpu-x86-64-v1": ("x86_64", ["v1"]),
    "cpu-x86-64-v2": ("x86_64", ["v2", "v1"]),
    "cpu-x86-64-v3": ("x86_64", ["v3", "v2", "v1"]),
    "cpu-x86-64-v4": ("x86_64", ["v4", "v3", "v2", "v1"]),
}

ARM_CPUS = {
    "cpu-aarch64": "8a",
    "graviton2": "8.2a",
    "graviton3": "8.4a",
    "graviton4": "9.0a",
    "apple-m-linux": "8.4a",
}

# What the published torch 2.10.0 says of its variants, less the values that nothing depends on.
TORCH = metadata(
    {
        "cuda12.6": {
            "nvidia": {
                "cuda_version_lower_bound": ["12.0"],
                "sm_arch": ["50_real", "70_real", "80_real", "86_real", "90_real"],
            },
            "priority": {"order": ["3"]},
        },
        "cuda12.8": {
            "nvidia": {
                "cuda_version_lower_bound": ["12.0"],
                "sm_arch": ["70_real", "80_real", "86_real", "90_real", "100_real", "120_real"],
            },
            "priority": {"order": ["2"]},
        },
        "cuda13.0": {
            "nvidia": {
                "cuda_version_lower_bound": ["13.0"],
                "sm_arch": ["75_real", "80_real", "86_real", "90_real", "100_real", "120_real"],
            },
            "priority": {"order": ["1"]},
        },
        "rocm7.0": {"amd": {"gfx_arch": ["gfx90a", "gfx942", "gfx950"], "rocm_version": ["7.0"]}},
        "rocm7.1": {"amd": {"gfx_arch": ["gfx90a", "gfx942", "gfx950"], "rocm_version": ["7.1"]}},
        "xpu": {"intel": {"device_ip": ["12.55.8", "12.60.7", "20.1.0", "30.0.4"]}},
        "null": {},
    },
    namespaces=("nvidia", "amd", "intel", "priority"),
    providers={
        "nvidia": {"requires": ["nvidia-variant-provider>=0.0.2"]},
        "amd": {"requires": ["amd-variant-provider>=0.0.2"]},
        "intel": {"requires": ["intel-variant-provider>=0.0.2"]},
        "priority": {"static-properties": {"order": ["1", "2", "3"]}},
    },
)
LEVELS = metadata(
    {f"x86_64_v{level}": {"x86_64": {"level": [f"v{level}"]}} for level in (1, 2, 3, 4)}
)
ARM = metadata(
    {
        "armv9": {"aarch64": {"version": ["9.0a"]}},
        "armv8": {"aarch64": {"version": ["8a"]}},
        "sve": {"aarch64": {"version": ["8a"], "sve": ["on"]}},
    }
)


def test_the_machines_of_the_issue_are_all_there() -> None:
    others = {"jetson-orin", "max-1550", "arc-b580", "tpu"}
    assert set(machine_names()) == {*NVIDIA, *AMD, *CPUS, *ARM_CPUS, *others}


@pytest.mark.parametrize("name", machine_names())
def test_every_machine_loads_with_a_description_tags_and_a_linux_environment(name: str) -> None:
    target = Target.named(name)

    assert find_machine(name).description
    assert not target.is_host
    assert target.name.partition("@")[0] == name
    machine = target.environment["platform_machine"]
    assert target.environment["sys_platform"] == "linux"
    assert target.environment["platform_system"] == "Linux"
    assert target.environment["os_name"] == "posix"
    platforms = {tag.platform for tag in target.tags}
    assert {f"manylinux_2_28_{machine}", f"linux_{machine}", "any"} <= platforms
    assert target.all_properties()


@pytest.mark.parametrize(("name", "expected"), NVIDIA.items())
def test_nvidia_machines_name_their_driver_and_compute_capability(
    name: str, expected: tuple[str, str, str]
) -> None:
    machine, cuda, capability = expected
    target = Target.named(name)
    nvidia = target.all_properties()["nvidia"]

    assert target.name == f"{name}@{cuda}"
    assert target.environment["platform_machine"] == machine
    assert list(nvidia) == ["cuda_version_lower_bound", "cuda_version_upper_bound", "sm_arch"]
    assert nvidia["cuda_version_lower_bound"][0] == cuda
    assert nvidia["sm_arch"][0] == f"{capability}_real"
    assert nvidia["sm_arch"][-2:] == (f"{capability[:-1]}0_real", f"{capability[:-1]}0_virtual")


def test_a_machine_with_tpus_answers_as_the_tpu_provider_does() -> None:
    properties = Target.named("tpu").all_properties()

    assert properties["tpu"] == {"present": ("true",)}
    assert properties["tpu"] == {
        config.name: tuple(config.values) for config in tpu.supported_configs(True)
    }


def test_of_an_integrated_gpu_only_what_nvidia_promises_is_claimed() -> None:
    nvidia = Target.named("jetson-orin").all_properties()["nvidia"]

    assert nvidia["sm_arch"] == ("87_real",)
    assert nvidia["cuda_version_lower_bound"] == (
        *("12.6", "12.5", "12.4", "12.3", "12.2", "12.1", "12.0", "12"),
    )
    assert nvidia["cuda_version_upper_bound"][-1] == "12.7"
    newer = Target.named("jetson-orin@13.1").all_properties()["nvidia"]
    assert newer["cuda_version_lower_bound"] == ("13.1", "13.0", "13")
    assert newer["sm_arch"] == ("87_real",)


def test_orin_on_jetpack_7_2_runs_the_ptx_of_wheels_for_servers() -> None:
    nvidia = Target.named("jetson-orin@13.2").all_properties()["nvidia"]

    assert nvidia["sm_arch"] == ("87_real", "80_virtual")
    assert nvidia["cuda_version_lower_bound"] == ("13.2", "13.1", "13.0", "13")


@pytest.mark.parametrize(("name", "gfx_arch"), AMD.items())
def test_amd_machines_answer_as_the_amd_provider_does(name: str, gfx_arch: str) -> None:
    target = Target.named(f"{name}@7.0")

    assert Target.named(name).name == f"{name}@7.1"
    assert target.all_properties()["amd"] == {
        config.name: tuple(config.values) for config in amd.supported_configs([gfx_arch], (7, 0))
    }


@pytest.mark.parametrize(("name", "expected"), CPUS.items())
def test_x86_64_machines_name_their_level(name: str, expected: tuple[str, list[str]]) -> None:
    machine, levels = expected
    target = Target.named(name)

    assert target.name == name
    assert list(target.all_properties()) == [machine]
    assert list(target.all_properties()["x86_64"]["level"]) == levels


def test_each_x86_64_level_supports_what_the_ones_below_do() -> None:
    supported = [
        {
            (feature, value)
            for feature, values in Target.named(f"cpu-x86-64-v{level}")
            .all_properties()["x86_64"]
            .items()
            for value in values
        }
        for level in (1, 2, 3, 4)
    ]

    assert supported[0] < supported[1] < supported[2] < supported[3]


@pytest.mark.parametrize(("name", "version"), ARM_CPUS.items())
def test_aarch64_machines_name_their_architecture_version(name: str, version: str) -> None:
    target = Target.named(name)

    assert target.name == name
    assert list(target.all_properties()) == ["aarch64"]
    assert target.all_properties()["aarch64"]["version"][0] == version


def test_what_every_apple_m_supports_is_what_the_oldest_does() -> None:
    claimed = target_properties("apple-m-linux")

    for cpu in ("m1", "m2", "m3", "m4"):
        configs = aarch64.supported_configs(TARGETS[cpu])
        assert claimed <= {(config.name, value) for config in configs for value in config.values}


def target_properties(name: str) -> set[tuple[str, str]]:
    features = Target.named(name).all_properties()["aarch64"]
    return {(feature, value) for feature, values in features.items() for value in values}


def test_cores_that_archspec_does_not_know_claim_no_instruction_set() -> None:
    assert list(Target.named("dgx-spark").all_properties()["aarch64"]) == ["version"]


def test_the_aarch64_machine_is_plain_armv8() -> None:
    assert Target.named("cpu-aarch64").all_properties() == {"aarch64": {"version": ("8a",)}}


@pytest.mark.parametrize(
    ("machine", "labels"),
    [
        ("gh200", ["cuda12.8", "cuda12.6", "null"]),
        ("gh200@13.0", ["cuda13.0", "cuda12.8", "cuda12.6", "null"]),
        ("gh200@11.8", ["null"]),
        ("gb200", ["cuda12.8", "null"]),
        ("gb300", ["cuda12.8", "null"]),
        ("gb300@13.0", ["cuda13.0", "cuda12.8", "null"]),
        ("h100", ["cuda12.8", "cuda12.6", "null"]),
        ("h200", ["cuda12.8", "cuda12.6", "null"]),
        ("b200@13.1", ["cuda13.0", "cuda12.8", "null"]),
        ("rtx-4090", ["cuda12.8", "cuda12.6", "null"]),
        ("rtx-5090", ["cuda12.8", "null"]),
        ("rtx-pro-6000", ["cuda12.8", "null"]),
        ("rtx-pro-6000@13.0", ["cuda13.0", "cuda12.8", "null"]),
        ("tpu", ["null"]),
        ("b300", ["cuda12.8", "null"]),
        ("a100", ["cuda12.8", "cuda12.6", "null"]),
        ("a10g", ["cuda12.8", "cuda12.6", "null"]),
        ("l4@13.0", ["cuda13.0", "cuda12.8", "cuda12.6", "null"]),
        ("l40s", ["cuda12.8", "cuda12.6", "null"]),
        ("t4", ["cuda12.8", "cuda12.6", "null"]),
        ("t4@13.0", ["cuda13.0", "cuda12.8", "cuda12.6", "null"]),
        ("v100@13.0", ["cuda12.8", "cuda12.6", "null"]),
        ("rtx-3090", ["cuda12.8", "cuda12.6", "null"]),
        ("dgx-spark", ["cuda13.0", "cuda12.8", "null"]),
        ("jetson-thor", ["null"]),
        ("jetson-orin", ["null"]),
        ("jetson-orin@13.0", ["null"]),
        ("max-1550", ["xpu", "null"]),
        ("arc-b580", ["xpu", "null"]),
        ("vera-rubin", ["cuda13.0", "cuda12.8", "null"]),
        ("mi210", ["rocm7.1", "null"]),
        ("mi355x@7.0", ["rocm7.0", "null"]),
        ("graviton4", ["null"]),
        ("apple-m-linux", ["null"]),
        ("mi300x", ["rocm7.1", "null"]),
        ("mi300x@7.0", ["rocm7.0", "null"]),
        ("mi300x@6.4", ["null"]),
        ("cpu-x86-64-v4", ["null"]),
        ("cpu-aarch64", ["null"]),
    ],
)
def test_machines_rank_the_variants_of_torch(machine: str, labels: list[str]) -> None:
    assert variantsel.rank(TORCH, Target.named(machine)).labels == labels


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_x86_64_machines_take_the_highest_level_they_allow(level: int) -> None:
    ranking = variantsel.rank(LEVELS, Target.named(f"cpu-x86-64-v{level}"))

    assert ranking.labels == [f"x86_64_v{lower}" for lower in range(level, 0, -1)]


IN_ANY_COMPUTER = (
    *("l4", "l40s", "rtx-3090", "rtx-4090", "rtx-5090", "rtx-pro-6000", "arc-b580", "max-1550"),
)


def test_hosts_of_x86_64_gpus_are_not_taken_for_more_than_what_a_source_says() -> None:
    machines = [name for name, (machine, *_) in NVIDIA.items() if machine == "x86_64"]
    for machine in (*machines, *AMD, "max-1550", "arc-b580"):
        level = {"t4": 2, "v100": 2, **dict.fromkeys(IN_ANY_COMPUTER, 1)}.get(machine, 3)
        assert variantsel.rank(LEVELS, Target.named(machine)).labels[0] == f"x86_64_v{level}"


@pytest.mark.parametrize("name", ["H100", "h100", "GH200@12.8", "RTX-4090", "RTX-PRO-6000", "TPU"])
def test_upper_and_lower_case_name_the_same_machine(name: str) -> None:
    named, lower = Target.named(name), Target.named(name.lower())
    assert (named.name, named.all_properties()) == (lower.name, lower.all_properties())


@pytest.mark.parametrize("name", ["p5.48xlarge", "P5.48xlarge", "Standard_NC6s_v3"])
def test_an_instance_type_is_found_without_its_cloud(name: str) -> None:
    cloud = "azure" if name.startswith("S") else "aws"
    assert Target.named(name).name.lower().startswith(f"{cloud}:{name}".lower())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_cpu_has_a_source_of_its_own_or_is_the_lowest(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = re.search(r"((?:^#.*\n)*)^cpu = \"([^\"]+)\"", text, re.MULTILINE)
    assert said is not None
    assert said[2] in ("x86_64", "aarch64") or path.stem.startswith("cpu-") or "https://" in said[1]


@pytest.mark.parametrize(
    ("machine", "labels"),
    [
        ("gh200", ["armv9", "sve", "armv8"]),
        ("gb200", ["armv9", "sve", "armv8"]),
        ("gb300", ["armv9", "sve", "armv8"]),
        ("vera-rubin", ["armv9", "sve", "armv8"]),
        ("jetson-thor", ["armv9", "sve", "armv8"]),
        ("jetson-orin", ["armv8"]),
        ("dgx-spark", ["armv9", "armv8"]),
        ("graviton2", ["armv8"]),
        ("graviton3", ["sve", "armv8"]),
        ("graviton4", ["armv9", "sve", "armv8"]),
        ("apple-m-linux", ["armv8"]),
        ("cpu-aarch64", ["armv8"]),
        ("cpu-x86-64-v4", []),
    ],
)
def test_machines_rank_aarch64_variants(machine: str, labels: list[str]) -> None:
    assert variantsel.rank(ARM, Target.named(machine)).labels == labels


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("gh20", "did you mean gh200"),
        ("GH2000", "did you mean gh200"),
        ("rtx4090", "did you mean rtx-4090"),
        ("RTX_5090", "did you mean rtx-5090"),
        ("x86-64-v3", "did you mean cpu-x86-64-v3"),
        ("h100x@12.8", "did you mean h100"),
        ("../gh200", "did you mean gh200"),
    ],
)
def test_an_unknown_name_is_answered_with_close_ones(text: str, close: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.named(text)

    assert close in str(caught.value)


@pytest.mark.parametrize("text", ["zzz", "", "@12.8", "__init__"])
def test_an_unknown_name_is_answered_with_all_names(text: str) -> None:
    with pytest.raises(InvalidTarget, match=r"no machine is called") as caught:
        Target.named(text)

    assert all(name in str(caught.value) for name in machine_names())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("gh200@", r"found '', expected a CUDA version MAJOR\.MINOR such as gh200@12\.8"),
        ("gh200@12", r"found '12', expected a CUDA version"),
        ("gh200@12.8.1", r"found '12\.8\.1', expected a CUDA version"),
        ("gh200@-1.2", r"found '-1\.2', expected a CUDA version"),
        ("gh200@1\uff12.8", r"expected a CUDA version"),
        ("gh200@999999999.1", r"expected a CUDA version"),
        ("gh200@11.0", r"needs a driver of CUDA 11\.8 or newer"),
        ("gb200@12.6", r"needs a driver of CUDA 12\.8 or newer"),
        ("gb300@12.8", r"needs a driver of CUDA 12\.9 or newer"),
        ("gh200@12.99", r"cannot name CUDA 12\.99"),
        ("gh200@16.0", r"cannot name CUDA 16\.0; the newest they can name is 15\.20"),
        ("mi300x@six", r"expected a ROCm version MAJOR\.MINOR such as mi300x@7\.1"),
        ("mi300x@5.7", r"needs a driver of ROCm 6\.0 or newer"),
        ("mi300x@12.8", r"there is no ROCm 12\.8"),
        ("mi300x@13.0", r"there is no ROCm 13\.0"),
        ("vera-rubin@13.3", r"needs a driver of CUDA 13\.4 or newer"),
        ("dgx-spark@12.8", r"needs a driver of CUDA 12\.9 or newer"),
        ("jetson-thor@12.9", r"needs a driver of CUDA 13\.0 or newer"),
        ("rtx-pro-6000@12.6", r"needs a driver of CUDA 12\.8 or newer"),
        ("tpu@1.0", r"has no GPU whose driver version could be chosen"),
        ("rtx-3090@11.0", r"needs a driver of CUDA 11\.1 or newer"),
        ("v100@10.2", r"cannot name CUDA 10\.2"),
        ("mi355x@6.4", r"needs a driver of ROCm 7\.0 or newer"),
        ("graviton3@12.8", r"has no GPU whose driver version could be chosen"),
        ("jetson-orin@11.1", r"needs a driver of CUDA 11\.4 or newer"),
        ("arc-b580@12.8", r"Intel's variants do not ask for a driver's version"),
        ("cpu-x86-64-v3@12.8", r"has no GPU whose driver version could be chosen"),
    ],
)
def test_a_driver_version_that_does_not_fit_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidTarget, match=problem) as caught:
        Target.named(text)

    assert str(caught.value).startswith(f"{text}: ")


@pytest.mark.parametrize("name", machine_names())
def test_every_figure_has_its_source_beside_it(name: str) -> None:
    comment: list[str] = []
    figures = 0
    for line in (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment.append(line)
            continue
        key = re.match(r"(\w+) = ", line)
        if key is not None and key[1] != "description":
            figures += 1
            assert "https://" in " ".join(comment), f"{name}.toml: {key[1]} cites no source"
        comment = []
    assert figures >= 3


@pytest.mark.parametrize(
    ("name", "glibc"), [("jetson-orin@11.4", "31"), ("jetson-orin@12.6", "35")]
)
def test_an_older_jetpack_has_an_older_glibc(name: str, glibc: str) -> None:
    assert Target.named(name).stated_platforms == (f"manylinux_2_{glibc}_aarch64",)


def test_what_virtual_machines_of_macos_hide_is_not_promised() -> None:
    features = Target.named("apple-m-linux").all_properties()["aarch64"]
    assert "ssbs" not in features
    assert {"asimdfhm", "lrcpc"} <= features.keys()
