from __future__ import annotations

import archspec.cpu
import pytest
from variantsel_providers import aarch64


@pytest.fixture(scope="module")
def beside_published(ask_published):
    return ask_published("aarch64", "provider_variant_aarch64", "AArch64Plugin")


@pytest.mark.parametrize("figures", ["dependency", "carried"])
def test_answers_are_the_published_packages_for_every_cpu(beside_published, figures):
    answers = beside_published[figures]
    assert {name for name, (ours, _) in answers.items() if ours} > {"a64fx", "m2", "neoverse_v2"}
    for name, (ours, published) in answers.items():
        assert ours == published, name


def test_answer_is_the_published_packages_on_this_host(beside_published):
    ours, published = beside_published["host"]
    assert ours == published


@pytest.mark.parametrize(
    ("cpu", "versions"),
    [
        ("aarch64", ["8a"]),
        ("neoverse_n1", ["8.2a", "8.1a", "8a"]),
        ("m2", ["8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a"]),
        ("neoverse_v2", ["9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a"]),
    ],
)
def test_versions_go_from_the_cpus_down_to_8a(cpu, versions):
    version, *_ = aarch64.supported_configs(archspec.cpu.TARGETS[cpu])
    assert (version.name, version.values, version.multi_value) == ("version", versions, False)


@pytest.mark.parametrize(
    ("ancestors", "best"),
    [(("armv8.5a",), "8.5a"), (("armv9.0a",), "9.0a")],
)
def test_version_that_the_vocabulary_lacks_counts_as_the_best_it_includes(ancestors, best):
    newer = archspec.cpu.Microarchitecture(
        "armv9.9a",
        [archspec.cpu.TARGETS[name] for name in ancestors],
        vendor="generic",
        features=set(),
        compilers={},
    )
    version, *_ = aarch64.supported_configs(newer)
    assert version.values[0] == best
    assert version.values[-1] == "8a"


def test_instruction_sets_follow_the_version_best_first():
    _, *instruction_sets = aarch64.supported_configs(archspec.cpu.TARGETS["a64fx"])
    assert [config.name for config in instruction_sets] == [
        "asimdhp", "dcpop", "fcma", "fphp", "sve",
        "asimd", "cpuid", "crc32", "evtstrm", "fp", "sha1", "sha2",
    ]  # fmt: skip
    assert {(*config.values, config.multi_value) for config in instruction_sets} == {("on", False)}


def test_instruction_sets_fused_in_the_published_list_are_never_reported():
    thunderx2 = archspec.cpu.TARGETS["thunderx2"]
    assert {"asimdrdm", "atomics"} <= thunderx2.features
    reported = {config.name for config in aarch64.supported_configs(thunderx2)}
    assert reported.isdisjoint({"asimdrdm", "atomics", "asimdrdmatomics"})


@pytest.mark.parametrize("cpu", ["x86_64_v4", "zen4", "power9le"])
def test_other_architectures_offer_nothing(cpu):
    assert aarch64.supported_configs(archspec.cpu.TARGETS[cpu]) == []


def test_all_configs_hold_whatever_any_cpu_supports_in_the_same_order():
    everything = [(config.name, config.values) for config in aarch64.get_all_configs()]
    assert everything[0] == ("version", ["9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a"])
    names = [name for name, _ in everything]
    for target in archspec.cpu.TARGETS.values():
        supported = [config.name for config in aarch64.supported_configs(target)]
        assert supported == [name for name in names if name in supported]


def test_importing_the_provider_does_not_import_archspec(imported_by):
    assert "archspec" not in imported_by("variantsel_providers.aarch64")
