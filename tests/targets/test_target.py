"""Targets: properties, marker environment, platform tags."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from packaging import tags
from packaging.markers import default_environment

from variantsel import InvalidTarget, Target
from variantsel.formats.provider_info import ProviderInfo
from variantsel.targets.target import StaticProperties, expand_platform

PROPERTIES = {"acme": {"level": ["3", "2"], "size": ["s"]}}


def target(**changes: Any) -> Target:
    return Target("a machine", StaticProperties(PROPERTIES), **changes)


# -- properties


def test_given_properties_keep_their_order() -> None:
    found = Target.from_properties(
        {"zinc": {"z": ["9", "10"], "a": ["b", "a"]}, "acme": {"level": ("2", "1")}}
    ).all_properties()
    assert list(found) == ["zinc", "acme"]
    assert list(found["zinc"].items()) == [("z", ("9", "10")), ("a", ("b", "a"))]


def test_a_value_given_twice_counts_where_it_stands_first() -> None:
    found = Target.from_properties({"acme": {"level": ["1", "2", "1"]}}).all_properties()
    assert found == {"acme": {"level": ("1", "2")}}


def test_given_properties_count_whatever_package_would_provide_them() -> None:
    support = target().support("acme", ProviderInfo(requires=("a-package-nobody-has",)))
    assert support.features == {"level": ("3", "2"), "size": ("s",)}


def test_nothing_is_supported_in_a_namespace_that_was_not_given() -> None:
    assert target().support("blue", ProviderInfo()).features == {}


@pytest.mark.parametrize(
    ("properties", "place", "found"),
    [
        ([], "properties", "[]"),
        ({"Acme": {}}, "properties", "'Acme'"),
        ({"ac-me": {}}, "properties", "'ac-me'"),
        ({"": {}}, "properties", "''"),
        ({1: {}}, "properties", "1"),
        ({"acme": ["level"]}, "properties.acme", "['level']"),
        ({"acme": {"Level": []}}, "properties.acme", "'Level'"),
        ({"acme": {"level": "3"}}, "properties.acme.level", "'3'"),
        ({"acme": {"level": {"3", "2"}}}, "properties.acme.level", "'3'"),
        ({"acme": {"level": [3]}}, "properties.acme.level", "3"),
        ({"acme": {"level": ["v 3"]}}, "properties.acme.level", "'v 3'"),
        ({"acme": {"level": [""]}}, "properties.acme.level", "''"),
    ],
)
def test_properties_that_are_not_allowed_are_refused_with_their_place(
    properties: Any, place: str, found: str
) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.from_properties(properties)
    assert str(caught.value).startswith(f"{place}: found ")
    assert found in str(caught.value)


# -- environment


def test_the_environment_is_the_hosts_where_nothing_else_is_said() -> None:
    assert dict(target().environment) == dict(default_environment())


def test_what_is_said_of_the_environment_replaces_the_hosts() -> None:
    found = target(environment={"platform_machine": "riscv64"}).environment
    assert found["platform_machine"] == "riscv64"
    assert found["python_version"] == default_environment()["python_version"]


def test_markers_are_evaluated_for_the_target() -> None:
    machine = target(environment={"platform_machine": "aarch64", "platform_system": "Linux"})
    assert machine.matches_marker("platform_machine == 'aarch64' and platform_system == 'Linux'")
    assert not machine.matches_marker("platform_machine == 'x86_64'")
    assert not machine.matches_marker("extra == 'gpu'")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"platform_machine": "riscv64"}, "riscv64"),
        ({"platform_machine": "arm64", "sys_platform": "beos"}, "beos arm64"),
    ],
)
def test_a_target_tells_how_it_differs_from_this_host(
    environment: dict[str, str], expected: str
) -> None:
    assert target(environment=environment).differs_from_host() == expected


# -- tags


def test_the_hosts_tags_are_those_of_packaging() -> None:
    expected = tuple(tags.sys_tags())
    assert Target.host().tags == expected
    assert Target.from_properties({}).tags == expected


@pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="another interpreter's tags are not CPython's"
)
def test_the_hosts_tags_are_the_same_when_its_python_is_spelled_out() -> None:
    version = default_environment()["python_version"]
    assert target(environment={"python_version": version}).tags == tuple(tags.sys_tags())


def test_another_python_version_has_its_own_tags() -> None:
    found = list(
        map(str, target(environment={"python_version": "3.99"}, platforms=["any_os"]).tags)
    )
    assert "cp399-abi3-any_os" in found
    assert "cp310-abi3-any_os" in found
    assert "cp310-cp310-any_os" not in found
    assert "py3-none-any" in found
    assert found.index("cp399-abi3-any_os") < found.index("cp310-abi3-any_os")
    assert found.index("cp310-abi3-any_os") < found.index("py3-none-any")


def test_another_platform_has_no_tag_of_this_host() -> None:
    found = target(platforms=["manylinux_2_35_riscv64"]).tags
    assert {tag.platform.rpartition("_")[2] for tag in found} == {"riscv64", "any"}


def test_newer_glibc_tags_come_before_older_ones() -> None:
    platforms = [
        tag.platform
        for tag in target(platforms=["manylinux_2_35_aarch64"]).tags
        if "2_3" in tag.platform
    ]
    assert platforms[0] == "manylinux_2_35_aarch64"
    assert platforms.index("manylinux_2_34_aarch64") < platforms.index("manylinux_2_31_aarch64")


def test_platforms_are_kept_in_the_order_given() -> None:
    found = [tag.platform for tag in target(platforms=["b_os", "a_os"]).tags]
    assert found.index("b_os") < found.index("a_os") < found.index("any")


@pytest.mark.parametrize("version", ["3", "three.ten", "3.x", "", ".10"])
def test_a_python_version_that_is_none_is_refused_when_tags_are_needed(version: str) -> None:
    with pytest.raises(InvalidTarget, match=r"python_version is .*, expected MAJOR\.MINOR"):
        _ = target(environment={"python_version": version}).tags


@pytest.mark.parametrize(
    ("platform_tag", "expected"),
    [
        (
            "manylinux_2_19_aarch64",
            [
                "manylinux_2_19_aarch64",
                "manylinux_2_18_aarch64",
                "manylinux_2_17_aarch64",
                "manylinux2014_aarch64",
                "linux_aarch64",
            ],
        ),
        (
            "manylinux_2_6_x86_64",
            [
                "manylinux_2_6_x86_64",
                "manylinux_2_5_x86_64",
                "manylinux1_x86_64",
                "linux_x86_64",
            ],
        ),
        (
            "musllinux_1_2_x86_64",
            [*(f"musllinux_1_{minor}_x86_64" for minor in (2, 1, 0)), "linux_x86_64"],
        ),
        ("macosx_11_0_arm64", ["macosx_11_0_arm64"]),
        ("win_amd64", ["win_amd64"]),
        ("linux_x86_64", ["linux_x86_64"]),
        ("manylinux2014_x86_64", ["manylinux2014_x86_64"]),
        ("manylinux_2_x86_64", ["manylinux_2_x86_64"]),
        ("manylinux_2_35", ["manylinux_2_35"]),
    ],
)
def test_a_glibc_tag_stands_for_the_older_ones_and_any_other_for_itself(
    platform_tag: str, expected: list[str]
) -> None:
    assert expand_platform(platform_tag) == expected


@pytest.mark.parametrize(
    "platform_tag", ["manylinux_2_12_aarch64", "manylinux_2_4_x86_64", "manylinux_2_35_x86_64"]
)
def test_a_platform_stands_for_itself_at_least(platform_tag: str) -> None:
    assert platform_tag in expand_platform(platform_tag)


def test_this_hosts_newest_glibc_tag_stands_for_all_its_tags() -> None:
    host = list(tags.platform_tags())
    glibc = [tag for tag in host if tag.startswith("manylinux")]
    if not glibc:
        pytest.skip("this host's platform is not one of glibc")
    expanded = expand_platform(glibc[0])
    assert [tag for tag in expanded if tag.startswith("manylinux")] == glibc
    assert set(expanded) == set(host)


# -- what a user writes


def test_host_is_this_machine() -> None:
    machine = Target.resolve("host")
    assert machine.is_host
    assert machine.name == "this machine"


def test_text_that_ends_in_toml_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gh200.toml").write_text("[properties.acme]\nlevel = ['1']\n")
    assert Target.resolve("gh200.toml").all_properties() == {"acme": {"level": ("1",)}}


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_text_with_a_path_separator_is_a_file(separator: str) -> None:
    with pytest.raises(InvalidTarget, match="No such file"):
        Target.resolve(f"nowhere{separator}gh200")


def test_other_text_is_a_named_machine() -> None:
    with pytest.raises(InvalidTarget, match="no machine is called 'nowhere'"):
        Target.resolve("nowhere")


def test_a_target_shows_its_name() -> None:
    assert repr(target()) == "<Target a machine>"
    assert not target().is_host


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"python_full_version": "3.13.1"}, ("3.13", "3.13.1")),
        ({"python_version": "3.12"}, ("3.12", "3.12.0")),
    ],
)
def test_one_of_the_two_python_versions_is_enough(
    environment: dict[str, str], expected: tuple[str, str]
) -> None:
    target = Target("m", StaticProperties({}), environment=environment, platforms=["any_platform"])
    found = target.environment["python_version"], target.environment["python_full_version"]
    assert found == expected
    assert {tag.abi for tag in target.tags} == {f"cp{expected[0].replace('.', '')}", "abi3", "none"}


def test_another_python_is_another_target_of_the_same_machine() -> None:
    machine = target(environment={"platform_machine": "riscv64"}, platforms=["any_os"])
    found = machine.with_python("3.99")
    assert found.environment["python_version"] == "3.99"
    assert found.environment["python_full_version"] == "3.99.0"
    assert found.environment["implementation_version"] == "3.99.0"
    assert found.environment["platform_machine"] == "riscv64"
    assert str(found.tags[0]) == "cp399-cp399-any_os"
    assert (found.name, found.all_properties()) == (machine.name, machine.all_properties())
    assert machine.with_python("3.99.4").environment["python_full_version"] == "3.99.4"


@pytest.mark.parametrize("version", ["3.98", "3.98.7"])
def test_the_python_that_a_target_has_stays_what_it_is(version: str) -> None:
    machine = target(environment={"python_full_version": "3.98.7"})
    assert machine.with_python(version) is machine


def test_platforms_are_listed_once_with_the_older_ones() -> None:
    found = target(platforms=["linux_x86_64", "manylinux_2_6_x86_64"]).platforms
    assert found == (
        *("linux_x86_64", "manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"),
    )
