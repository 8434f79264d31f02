from __future__ import annotations

import platform
from pathlib import Path

import archspec
import archspec.cpu
import pytest
from variantsel_providers import aarch64, x86_64
from variantsel_providers.cpu_cores import core_kinds, host_microarchitectures

CAPTURES = Path(__file__).with_name("captures") / "aarch64"
# Those of archspec's own tests, which its package brings along: /proc/cpuinfo of machines all
# over the field, each file named after the system and the microarchitecture.
ARCHSPECS = Path(archspec.__file__).with_name("json") / "tests" / "targets"
PROVIDERS = {"x86_64": x86_64, "aarch64": aarch64}


def family_of(cpuinfo):
    if "vendor_id" in cpuinfo:
        return "x86_64"
    return "aarch64" if "CPU implementer" in cpuinfo else None


ARCHSPEC_CAPTURES = sorted(
    path.name for path in ARCHSPECS.glob("linux-*") if family_of(path.read_text())
)


@pytest.fixture
def machine(tmp_path):
    """Makes the root of a machine with that /proc/cpuinfo."""

    def make(cpuinfo):
        (tmp_path / "proc").mkdir(exist_ok=True)
        (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
        return tmp_path

    return make


def captured(name):
    if name in ARCHSPEC_CAPTURES:
        return (ARCHSPECS / name).read_text()
    return (CAPTURES / f"{name}.txt").read_text().partition("== proc/cpuinfo\n")[2]


def supported(root, family):
    configs = PROVIDERS[family].get_supported_configs(root=root, machine=family)
    return {config.name: config.values for config in configs}


def core(features, implementer="0x41", part="0xd0c"):
    return f"Features\t: {features}\nCPU implementer\t: {implementer}\nCPU part\t: {part}\n\n"


def features_of(name):
    return " ".join(sorted(archspec.cpu.TARGETS[name].features))


# Captures


def test_there_are_captures_of_many_machines():
    assert len(ARCHSPEC_CAPTURES) > 30
    assert {family_of(captured(name)) for name in ARCHSPEC_CAPTURES} == {"x86_64", "aarch64"}


@pytest.mark.parametrize("name", ARCHSPEC_CAPTURES)
def test_every_captured_machine_is_what_archspec_says_it_is(machine, name):
    cpuinfo = captured(name)
    family = family_of(cpuinfo)
    (found,) = host_microarchitectures(family, machine(cpuinfo), family)
    assert found.name == name.split("-", 2)[2]
    # Figures and meaning are apart: the rest is tested for every microarchitecture.
    assert PROVIDERS[family].get_supported_configs(
        root=machine(cpuinfo), machine=family
    ) == PROVIDERS[family].supported_configs(found)


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("linux-scientific7-k10", ["v1"]),
        ("linux-rhel7-ivybridge", ["v2", "v1"]),
        ("linux-rhel7-haswell", ["v3", "v2", "v1"]),
        ("linux-rhel7-zen", ["v3", "v2", "v1"]),
        ("linux-ubuntu24.04-alderlake", ["v3", "v2", "v1"]),
        ("linux-rhel7-skylake_avx512", ["v4", "v3", "v2", "v1"]),
        ("linux-unknown-sapphirerapids", ["v4", "v3", "v2", "v1"]),
        ("linux-rocky8.5-zen4", ["v4", "v3", "v2", "v1"]),
    ],
)
def test_captured_x86_64_machines_have_their_levels(machine, name, levels):
    assert supported(machine(captured(name)), "x86_64")["level"] == levels


@pytest.mark.parametrize(
    ("name", "best", "has", "lacks"),
    [
        ("linux-amazon-neoverse_n1", "8.2a", {"asimddp", "lrcpc"}, {"sve", "bf16"}),  # Graviton 2
        ("linux-amazon-neoverse_v1", "8.4a", {"sve", "bf16", "i8mm"}, {"sve2"}),  # Graviton 3
        ("linux-rhel9-neoverse_v2", "9.0a", {"sve2", "bf16", "i8mm"}, set()),  # Grace, Graviton 4
        ("linux-ubuntu24.04-neoverse_v3ae", "9.0a", {"sve2", "bf16"}, set()),  # Jetson Thor
        ("linux-ubuntu22.04-ampere1", "8.5a", {"bf16", "i8mm"}, {"sve"}),
        ("linux-asahi-m2", "8.5a", {"bf16", "i8mm"}, {"sve"}),
        ("linux-rocky8-a64fx", "8.2a", {"sve"}, {"sve2", "asimddp"}),
        ("ampere-altra", "8.2a", {"asimddp"}, {"sve"}),
        ("apple-m1-linux", "8.4a", {"flagm2", "paca"}, {"bf16", "sve"}),
        ("jetson-orin", "8.2a", {"asimddp", "lrcpc"}, {"sve", "bf16"}),
        # Cores that archspec has no name for are what they surely are.
        ("jetson-xavier", "8.2a", {"dcpop", "fphp"}, {"asimddp", "sve"}),
        ("jetson-tx2", "8a", set(), {"asimddp", "sve"}),
        ("dgx-spark", "9.0a", {"sve2", "bf16", "i8mm"}, {"ssbs", "rng"}),
    ],
)
def test_captured_aarch64_machines_have_what_all_their_cores_have(machine, name, best, has, lacks):
    features = supported(machine(captured(name)), "aarch64")
    assert features["version"][0] == best
    assert has <= set(features)
    assert lacks.isdisjoint(features)


# Kinds of cores


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("dgx-spark", [("0x41", "0xd87"), ("0x41", "0xd85")]),
        ("jetson-tx2", [("0x41", "0xd07"), ("0x4e", "0x003")]),
        ("apple-m1-linux", [("0x61", "0x022"), ("0x61", "0x023")]),
        ("jetson-orin", [("0x41", "0xd42")]),
    ],
)
def test_every_kind_of_core_is_told_once(machine, name, kinds):
    found = core_kinds("aarch64", machine(captured(name)))
    assert [(kind.vendor, kind.part) for kind in found] == kinds


def test_of_two_kinds_of_cores_what_both_have_counts_whichever_is_first(machine):
    cores = [core(features_of("neoverse_n1")), core(features_of("neoverse_v2"), part="0xd4f")]
    both = [supported(machine("".join(order)), "aarch64") for order in (cores, cores[::-1])]
    only_n1 = supported(machine(cores[0]), "aarch64")
    only_v2 = supported(machine(cores[1]), "aarch64")
    assert both[0] == both[1]
    assert both[0]["version"] == ["8.2a", "8.1a", "8a"]
    assert set(both[0]) == set(only_n1) & set(only_v2)
    assert "sve2" in only_v2


def test_core_without_a_feature_takes_it_from_the_machine(machine):
    # Linux calls SSE3 pni.
    full = archspec.cpu.TARGETS["haswell"].features - {"sse3"} | {"pni"}
    text = "".join(
        f"vendor_id\t: GenuineIntel\nflags\t: {' '.join(flags)}\n\n"
        for flags in (full, full - {"avx2"})
    )
    features = supported(machine(text), "x86_64")
    assert features["level"] == ["v2", "v1"]
    assert "avx2" not in features
    assert "sse3" in features


# What is not to be taken for this machine's cores


@pytest.mark.parametrize(
    "cpuinfo",
    [
        "",
        "\n\n\n",
        "processor\t: 0\n",
        "Features without a colon\nCPU implementer\n",
        "vendor_id\t: GenuineIntel\nflags\t: sse sse2 mmx\n",
        # As a 32-bit program sees them on a 64-bit kernel.
        "processor\t: 0\nmodel name\t: ARMv8 Processor rev 1 (v8l)\n",
    ],
)
def test_text_without_cores_of_the_family_tells_of_none(machine, cpuinfo):
    assert core_kinds("aarch64", machine(cpuinfo)) == []


def test_machine_without_the_file_tells_of_no_core(tmp_path):
    assert core_kinds("x86_64", tmp_path) == []


@pytest.mark.parametrize(
    ("family", "emulated"), [("x86_64", "aarch64"), ("aarch64", "x86_64"), ("aarch64", "riscv64")]
)
def test_cores_below_an_emulator_are_not_those_of_the_program(machine, family, emulated):
    name = "linux-rhel7-haswell" if family == "x86_64" else "linux-asahi-m2"
    found = host_microarchitectures(family, machine(captured(name)), emulated)
    assert found == [archspec.cpu.host()]


def test_this_host_is_what_archspec_says_it_is():
    family = platform.machine()
    if family not in PROVIDERS:
        pytest.skip(f"no provider for {family}")
    assert host_microarchitectures(family, Path("/"), family) == [archspec.cpu.host()]
