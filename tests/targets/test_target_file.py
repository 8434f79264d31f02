"""Target files: what they hold, and what is said of one that cannot be used."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from packaging import tags
from packaging.markers import default_environment
from support.odd_files import ABSURD, SPECIAL

from variantsel import InvalidTarget, Target
from variantsel.targets.target_file import MARKER_VARIABLES


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "machine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_describes_a_machine(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [environment]
        platform_machine = "aarch64"
        python_version = "3.12"

        [tags]
        platforms = ["manylinux_2_35_aarch64"]

        [properties.nvidia]
        sm_arch = ["90_real", "90_virtual"]
        cuda_version_lower_bound = ["12.8", "12"]

        [properties.aarch64]
        version = ["9.0a", "8a"]
        """,
    )
    target = Target.from_file(path)
    assert target.name == str(path)
    assert not target.is_host
    assert target.environment["platform_machine"] == "aarch64"
    assert str(target.tags[0]) == "cp312-cp312-manylinux_2_35_aarch64"
    properties = target.all_properties()
    assert properties == {
        "nvidia": {
            "sm_arch": ("90_real", "90_virtual"),
            "cuda_version_lower_bound": ("12.8", "12"),
        },
        "aarch64": {"version": ("9.0a", "8a")},
    }
    assert list(properties["nvidia"]) == ["sm_arch", "cuda_version_lower_bound"]


@pytest.mark.parametrize("text", ["", "[environment]\n", "[tags]\n[properties]\n"])
def test_what_a_file_leaves_out_is_this_hosts_except_the_properties(
    tmp_path: Path, text: str
) -> None:
    target = Target.from_file(written(tmp_path, text))
    assert dict(target.environment) == dict(default_environment())
    assert target.tags == tuple(tags.sys_tags())
    assert target.all_properties() == {}


def test_a_path_may_be_text(tmp_path: Path) -> None:
    assert Target.from_file(str(written(tmp_path, ""))).all_properties() == {}


@pytest.mark.parametrize("variable", MARKER_VARIABLES)
def test_every_marker_variable_can_be_set(tmp_path: Path, variable: str) -> None:
    target = Target.from_file(written(tmp_path, f'[environment]\n{variable} = "1.2"\n'))
    assert target.environment[variable] == "1.2"


def test_the_marker_variables_are_those_of_packaging() -> None:
    assert set(MARKER_VARIABLES) == set(default_environment())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x = = 1", ["not TOML", "line 1"]),
        ("[properties]\n[properties]\n", ["not TOML", "properties"]),
        ("a = " + "[" * 5_000, ["too deep"]),
        (b"x = '\xff'", ["byte 5 is not UTF-8"]),
        ("[nvidia]\n", ["found nvidia", "[environment]", "[tags]", "[properties.NAMESPACE]"]),
        ("zoo = 1\nbar = 2\n", ["found bar, zoo"]),
        ("environment = 3", ["environment: found 3", "a table"]),
        ("[environment]\nplatform = 'x'", ["'platform' is not a marker variable", "sys_platform"]),
        ("[environment]\nextra = 'x'", ["'extra' is not a marker variable"]),
        ("[environment]\nos_name = 3", ["environment.os_name: found 3", "text"]),
        ("[environment]\nos_name = ['posix']", ["environment.os_name: found ['posix']"]),
        ("tags = ['linux_x86_64']", ["tags: found ['linux_x86_64']", "'platforms'"]),
        ("[tags]\nplatform = []", ["tags: found {'platform': []}", "'platforms'"]),
        ("[tags]\nplatforms = 'linux_x86_64'", ["tags.platforms: found 'linux_x86_64'"]),
        ("[tags]\nplatforms = []", ["tags.platforms: found []"]),
        ("[tags]\nplatforms = [3]", ["tags.platforms: found [3]", "platform tags"]),
        ("[tags]\nplatforms = ['linux-x86_64']", ["found ['linux-x86_64']"]),
        ("[tags]\nplatforms = ['']", ["found ['']"]),
        ("[tags]\nplatforms = ['l\u00efnux']", ["tags.platforms: found"]),
        ("properties = 3", ["properties: found 3", "a table"]),
        ("[properties]\nnvidia = '12.8'", ["properties.nvidia: found '12.8'", "a table"]),
        ("[properties.NVIDIA]", ["properties: found 'NVIDIA'", "[a-z0-9_]+"]),
        ("[properties.nvidia]\nsm-arch = []", ["properties.nvidia: found 'sm-arch'"]),
        ("[properties.nvidia]\nf = '1'", ["properties.nvidia.f: found '1'", "a list of values"]),
        ("[properties.nvidia]\nf = [12.8]", ["properties.nvidia.f: found 12.8", "[a-z0-9_.]+"]),
        ("[properties.nvidia]\nf = ['A']", ["properties.nvidia.f: found 'A'"]),
        ("[properties.nvidia.f]\ng = ['a']", ["properties.nvidia.f: found {'g': ['a']}"]),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_path_and_place(
    tmp_path: Path, text: str | bytes, parts: list[str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.count(str(path)) == 1
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_file_that_is_missing_is_told_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    assert str(caught.value) == f"{path}: No such file or directory"


def test_a_folder_is_not_a_target_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")


def test_a_long_wrong_value_is_quoted_in_part(tmp_path: Path) -> None:
    path = written(tmp_path, f"[properties]\nnvidia = '{'x' * 100_000}'")
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    assert len(str(caught.value)) < 500 + len(str(path))


def test_a_python_version_of_three_parts_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, '[environment]\npython_version = "3.12.1"\n')
    with pytest.raises(InvalidTarget, match=r"'3\.12\.1', expected MAJOR\.MINOR"):
        _ = Target.from_file(path).tags


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    make, said = SPECIAL[kind]
    path = tmp_path / "machine.toml"
    make(path)
    started = time.monotonic()
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    assert time.monotonic() - started < 2
    assert str(caught.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/proc/self/fd/0/x.toml", "a\0.toml"])
def test_no_path_ends_in_anything_but_an_error(path: str) -> None:
    with pytest.raises(InvalidTarget, match=r"found|No such|Not a directory"):
        Target.resolve(path)


@pytest.mark.parametrize("kind", ABSURD)
def test_absurd_toml_is_refused_at_once_in_a_short_line(tmp_path: Path, kind: str) -> None:
    text, said = ABSURD[kind]
    path = written(tmp_path, text)
    started = time.monotonic()
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    assert time.monotonic() - started < 5
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[environment]\npython_version = '{'3' * 5000}.1'", "found 5002 characters"),
        (f"[environment]\n{'x' * 5000} = '3'", "is not a marker variable"),
        (f"[properties.x]\n{'x' * 5000} = ['A']", "found 'A'"),
        (
            "[tags]\nplatforms = ["
            + ", ".join(f"'manylinux_2_99_x{number}'" for number in range(20_000))
            + "]",
            "found 20000 tags, expected at most 256",
        ),
        ("[tags]\nplatforms = ['manylinux_2_999999_x86_64']", ""),
    ],
)
def test_absurd_values_are_refused_or_cost_nothing(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    if not said:
        assert len(Target.from_file(path).tags) < 1000
        return
    with pytest.raises(InvalidTarget) as caught:
        Target.from_file(path)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000
