"""Clouds' instance types: which machine each is, near misses, their data files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from archspec.cpu import TARGETS

from variantsel import InvalidTarget, Target
from variantsel.configuration import load_configuration
from variantsel.targets.machines import clouds, machine_names
from variantsel.targets.machines.clouds import cloud_names, instances
from variantsel.targets.target_file import read_toml

FOLDER = Path(clouds.__file__).parent


@pytest.mark.parametrize(
    ("name", "machine", "best_of_cpu"),
    [
        ("aws:p5.48xlarge", "h100@12.8", "v3"),
        ("aws:p5en.48xlarge", "h200@12.8", "v4"),
        ("aws:g4dn.xlarge", "t4@12.8", "v4"),
        ("aws:p6-b300.48xlarge", "b300@12.9", "v4"),
        ("aws:p6e-gb200.36xlarge", "gb200@12.8", "9.0a"),
        ("aws:m8g.metal-48xl", "graviton4", "9.0a"),
        ("aws:a1.large", "cpu-aarch64", "8a"),
        ("gcp:a3-highgpu-8g", "h100@12.8", "v4"),
        ("gcp:a4x-highgpu-4g", "gb200@12.8", "9.0a"),
        ("gcp:c4a-standard-8", "graviton4", "9.0a"),
        ("gcp:n4a-standard-1", "graviton4", "9.0a"),
        ("gcp:t2a-standard-1", "graviton2", "8.2a"),
        ("aws:c5.large", "cpu-x86-64-v4", "v4"),
        ("aws:c6i.metal", "cpu-x86-64-v4", "v4"),
        ("aws:M7I-FLEX.LARGE", "cpu-x86-64-v4", "v4"),
        ("aws:c7a.48xlarge", "cpu-x86-64-v4", "v4"),
        ("aws:m6a.large", "cpu-x86-64-v3", "v3"),
        ("aws:t2.micro", "cpu-x86-64-v1", "v1"),
        ("aws:g7e.48xlarge", "rtx-pro-6000@12.8", "v4"),
        ("aws:g7.2xlarge", "rtx-pro-6000@12.8", "v1"),
        ("gcp:n1-standard-1", "cpu-x86-64-v2", "v2"),
        ("gcp:n2d-highmem-8", "cpu-x86-64-v3", "v3"),
        ("gcp:c4-standard-288-lssd-metal", "cpu-x86-64-v4", "v4"),
        ("gcp:e2-micro", "cpu-x86-64-v1", "v1"),
        ("gcp:g4-standard-48", "rtx-pro-6000@12.8", "v4"),
        ("gcp:ct5lp-hightpu-4t", "tpu", "v1"),
        ("gcp:ct6e-standard-8t", "tpu", "v4"),
        ("gcp:tpu7x-standard-4t", "tpu", "v4"),
        ("gcp:v4-8", "tpu", "v1"),
        ("gcp:v5litepod-16", "tpu", "v1"),
        ("gcp:V5P-8", "tpu", "v4"),
        ("gcp:v6e-1", "tpu", "v4"),
        ("azure:Standard_ND96isr_H100_v5", "h100@12.8", "v4"),
        ("azure:Standard_NC40ads_H100_v5", "h100@12.8", "v4"),
        ("azure:Standard_NC24ads_A100_v4", "a100@12.8", "v3"),
        ("azure:Standard_NC6s_v3", "v100@12.8", "v3"),
        ("azure:Standard_B2pts_v2", "graviton2", "8.2a"),
        ("azure:Standard_ND96isr_MI300X_v5", "mi300x@7.1", "v4"),
        ("azure:Standard_D2ps_v6", "graviton4", "9.0a"),
        ("azure:Standard_D2_v3", "cpu-x86-64-v3", "v3"),
        ("azure:Standard_E96-24as_v5", "cpu-x86-64-v3", "v3"),
        ("azure:Standard_F2s_v2", "cpu-x86-64-v4", "v4"),
        ("azure:Standard_D2s_v6", "cpu-x86-64-v4", "v4"),
        ("azure:Standard_NC36ds_xl_RTXPRO6000BSE_v6", "rtx-pro-6000@12.8", "v4"),
        ("oci:BM.GPU.GH200.1", "gh200@12.8", "9.0a"),
        ("oci:BM.GPU.GB300.4", "gb300@12.9", "9.0a"),
        ("oci:VM.Standard.A1.Flex", "graviton2", "8.2a"),
        ("oci:VM.Standard.E4.Flex", "cpu-x86-64-v3", "v3"),
        ("oci:VM.Standard.E5.Flex", "cpu-x86-64-v1", "v1"),
        ("oci:VM.GPU3.1", "v100@12.8", "v2"),
    ],
)
def test_an_instance_type_is_a_machine(name: str, machine: str, best_of_cpu: str) -> None:
    found, like = Target.resolve(name), Target.named(machine)

    cpu = found.environment["platform_machine"]
    assert cpu == like.environment["platform_machine"]
    assert found.name.partition("@")[0].lower() == name.lower()
    assert found.name.partition("@")[2] == machine.partition("@")[2]
    for namespace in ("nvidia", "amd", "tpu"):
        assert found.all_properties().get(namespace) == like.all_properties().get(namespace)
    levels = found.all_properties()[cpu]["level" if cpu == "x86_64" else "version"]
    assert levels[0] == best_of_cpu


def test_the_cpu_of_an_instance_type_counts() -> None:
    h100 = Target.named("h100").all_properties()["x86_64"]
    assert "avx512f" not in h100
    assert "avx512f" in Target.named("gcp:a3-highgpu-8g").all_properties()["x86_64"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AZURE:standard_nd96isr_h100_V5", "azure:Standard_ND96isr_H100_v5@12.8"),
        ("oci:bm.gpu.gh200.1@13.0", "oci:BM.GPU.GH200.1@13.0"),
        ("azure:Standard_ND96isr_MI300X_v5@7.0", "azure:Standard_ND96isr_MI300X_v5@7.0"),
        ("aws:c7g.large", "aws:c7g.large"),
    ],
)
def test_capitals_do_not_matter_and_the_driver_can_be_chosen(text: str, name: str) -> None:
    assert Target.resolve(text).name == name


def test_an_instance_type_can_be_configured(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.variantsel]\ntarget = "aws:g5.xlarge@12.6"\n')
    assert load_configuration(tmp_path, {}).target.name == "aws:g5.xlarge@12.6"
    variables = {"VARIANTSEL_TARGET": "gcp:g2-standard-4"}
    assert load_configuration(tmp_path, variables).target.name == "gcp:g2-standard-4@12.8"


def suggested(text: str) -> list[str]:
    """The types that the error for an unknown one names."""
    with pytest.raises(InvalidTarget) as caught:
        Target.named(text)
    hint = re.search(r"\(did you mean (.*?)\?\)", str(caught.value))
    return hint[1].split(" or ") if hint else []


@pytest.mark.parametrize(
    "text",
    [
        "aws:m7x.large",  # near m7g, which is Arm's, and m7i and m7a, which are not
        "gcp:n4b-standard-8",  # near n4 and n4a
        "azure:Standard_D4p_v5",  # near D4ps_v5 and D4_v5
        "oci:VM.Standard.A3.Flex",  # near A1 and E3
    ],
)
def test_what_is_near_types_of_two_architectures_is_answered_with_neither(text: str) -> None:
    assert not suggested(text)


@pytest.mark.parametrize(
    "text", ["aws:m7i.3xlarge", "aws:m7g.3xlarge", "gcp:n4-standard-3", "gcp:n4a-standard-3"]
)
def test_a_suggestion_is_of_the_family_and_so_of_its_architecture(text: str) -> None:
    family = re.split("[.-]", text)[0]
    assert {re.split("[.-]", name)[0] for name in suggested(text)} == {family}


@pytest.mark.parametrize("cloud", cloud_names())
def test_no_suggestion_is_of_two_architectures(cloud: str) -> None:
    """Each type's name with one character changed, and one left out."""
    for name in list(instances(cloud))[::23]:
        for text in (f"{name[:-1]}x", name[: len(cloud) + 3] + name[len(cloud) + 4 :]):
            if text in instances(cloud):
                continue
            near = [Target.named(name) for name in suggested(text)]
            assert len({target.environment["platform_machine"] for target in near}) <= 1, text


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("aws:p5.24xlarge", "aws:p5.48xlarge"),
        ("aws:p5-48xlarge", "aws:p5.48xlarge"),
        ("gcp:a3-highgpu-16g", "gcp:a3-highgpu-1g"),
        ("azure:ND96isr_H100_v5", "azure:Standard_ND96isr_H100_v5"),
        ("oci:BM.GPU.H100.4", "oci:BM.GPU.H100.8"),
        ("aws:m7g.3xlarge@1.2", "aws:m7g.xlarge"),
    ],
)
def test_an_unknown_type_is_answered_with_close_ones(text: str, close: str) -> None:
    with pytest.raises(InvalidTarget, match="is not an instance type that variantsel knows") as it:
        Target.resolve(text)

    assert f"{close} or " in str(it.value) or f"{close}?" in str(it.value)
    assert f"'variantsel target list {text.partition(':')[0]}'" in str(it.value)


@pytest.mark.parametrize("text", ["ibm:gx2-8x64x1v100", ":p5.48xlarge", "p5.48xlarge:aws"])
def test_an_unknown_cloud_is_answered_with_all_clouds(text: str) -> None:
    with pytest.raises(InvalidTarget, match="known are aws, azure, gcp, oci"):
        Target.resolve(text)


def test_a_type_without_gpu_has_no_driver() -> None:
    with pytest.raises(InvalidTarget, match="has no GPU whose driver version could be chosen"):
        Target.resolve("aws:m8g.large@12.8")


@pytest.mark.parametrize("cloud", cloud_names())
def test_every_entry_names_a_machine_and_a_cpu_that_there_are(cloud: str) -> None:
    found = instances(cloud)

    assert len(found) >= 25
    for instance in found.values():
        assert instance.machine in machine_names()
        assert not instance.cpu or instance.cpu in TARGETS
        assert re.fullmatch(rf"{cloud}:[\w.-]+", instance.name)


@pytest.mark.parametrize("cloud", cloud_names())
def test_no_type_is_listed_twice(cloud: str) -> None:
    files = sorted((FOLDER / cloud).glob("*.toml"))
    groups = [group for path in files for group in read_toml(path)["instances"]]
    listed = sum(len(group["names"]) * len(group.get("sizes", [""])) for group in groups)

    assert listed == len(instances(cloud))
    for group in groups:
        assert all(("{}" in name) == ("sizes" in group) for name in group["names"]), group


FILES = sorted(FOLDER.glob("*/*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_cites_its_sources_and_every_cpu_its_own(path: Path) -> None:
    head, *groups = path.read_text(encoding="utf-8").split("[[instances]]")

    assert "https://" in head
    for group in groups:
        assert "cpu = " not in group or "https://" in group.partition("cpu = ")[0], group


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem == "x86_64"], ids=lambda path: path.parent.name
)
def test_a_level_above_the_lowest_names_the_cpu_it_is_for(path: Path) -> None:
    head, *groups = path.read_text(encoding="utf-8").split("[[instances]]")

    assert re.search(r"^# Read on \d{4}-\d\d-\d\d", head, re.MULTILINE)
    for group in groups:
        comment = " ".join(line for line in group.splitlines() if line.startswith("#"))
        if 'machine = "cpu-x86-64-v1"' in group:
            assert "the lowest there is" in comment, group
        else:
            assert re.search(r"Intel|AMD|As above|Xeon|Lake|Rapids|Milan|Rome|Genoa|Turin", comment)
