"""The files and folders that a provider package may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from variantsel.provider_host.reachable import readable_paths


@pytest.mark.parametrize("path", ["/opt/acme/bin", "/srv/tools/lib", "/usr/local/bin/"])
def test_a_folder_that_a_variable_names_is_read(path: str) -> None:
    assert path in readable_paths({"PATH": f"relative:{path}::"})


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/.", "//", "/usr/..", "/proc/self/root", "/dev", "/dev/pts"),
        *("/home", "/root", "/tmp", "/etc", "/run", "/run/user/1000", "/var", "{home}", "{link}"),
        *("{home}/..", "{home}/."),
    ],
)
def test_a_folder_that_holds_what_is_private_is_not(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "users" / "me"
    home.mkdir(parents=True)
    (tmp_path / "link").symlink_to("/")
    monkeypatch.setenv("HOME", str(home))
    path = path.format(home=home, link=tmp_path / "link")
    assert path not in readable_paths({"PATH": os.pathsep.join(["/usr/bin", path])})


def test_what_the_home_has_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = str(tmp_path / "tools" / "bin")
    assert path in readable_paths({"PATH": path})


def test_settings_of_other_programs_are_not_read() -> None:
    read = [path for path in readable_paths({}) if path.startswith("/etc")]
    assert "/etc" not in read
    assert not {"/etc/pip.conf", "/etc/shadow", "/etc/hosts", "/etc/ssl"} & set(read)
