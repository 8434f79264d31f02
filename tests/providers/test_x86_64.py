from __future__ import annotations

import archspec.cpu
import pytest
from variantsel_providers import x86_64


@pytest.fixture(scope="module")
def beside_published(ask_published):
    return ask_published("x86_64", "provider_variant_x86_64", "X8664Plugin")


@pytest.mark.parametrize("figures", ["dependency", "carried"])
def test_answers_are_the_published_packages_for_every_cpu(beside_published, figures):
    answers = beside_published[figures]
    assert {name for name, (ours, _) in answers.items() if ours} > {"nehalem", "skylake", "zen5"}
    for name, (ours, published) in answers.items():
        if ours and not published:
            # The published package is silent about plain x86-64, which is level v1.
            assert ours[0][:2] == ["level", ["v1"]], name
        else:
            assert ours == published, name


def test_answer_is_the_published_packages_on_this_host(beside_published):
    ours, published = beside_published["host"]
    assert ours == published


@pytest.mark.parametrize(
    ("cpu", "levels"),
    [
        ("x86_64", ["v1"]),
        ("core2", ["v1"]),
        ("x86_64_v2", ["v2", "v1"]),
        ("nehalem", ["v2", "v1"]),
        ("haswell", ["v3", "v2", "v1"]),
        ("zen3", ["v3", "v2", "v1"]),
        ("skylake_avx512", ["v4", "v3", "v2", "v1"]),
        ("zen4", ["v4", "v3", "v2", "v1"]),
    ],
)
def test_levels_go_from_the_cpus_down_to_v1(cpu, levels):
    level, *_ = x86_64.supported_configs(archspec.cpu.TARGETS[cpu])
    assert (level.name, level.values, level.multi_value) == ("level", levels, False)


def test_instruction_sets_follow_the_level_best_first():
    _, *instruction_sets = x86_64.supported_configs(archspec.cpu.TARGETS["x86_64_v2"])
    assert [config.name for config in instruction_sets] == [
        "sse4_2", "sse4_1", "ssse3", "sse3", "cx16", "lahf_lm", "popcnt", "sse2", "sse", "mmx"
    ]  # fmt: skip
    assert {(*config.values, config.multi_value) for config in instruction_sets} == {("on", False)}


@pytest.mark.parametrize("cpu", ["x86", "aarch64", "neoverse_v2", "m2", "power9le"])
def test_other_architectures_offer_nothing(cpu):
    assert x86_64.supported_configs(archspec.cpu.TARGETS[cpu]) == []


def test_all_configs_hold_whatever_any_cpu_supports_in_the_same_order():
    everything = [(config.name, config.values) for config in x86_64.get_all_configs()]
    assert everything[0] == ("level", ["v4", "v3", "v2", "v1"])
    names = [name for name, _ in everything]
    for target in archspec.cpu.TARGETS.values():
        supported = [config.name for config in x86_64.supported_configs(target)]
        assert supported == [name for name in names if name in supported]


def test_importing_the_provider_does_not_import_archspec(imported_by):
    assert "archspec" not in imported_by("variantsel_providers.x86_64")
