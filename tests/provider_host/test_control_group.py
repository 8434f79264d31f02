"""A control group of its own for a provider, where the user has one to divide."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.plugins import failing

if not sys.platform.startswith("linux"):
    pytest.skip("control groups are of Linux", allow_module_level=True)

from support.hostile_world import SOME_USER, asked

from variantsel.provider_host import control_group

PLACES = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A group that some user may divide, with one below for their processes."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give a group away")
    places = [Path(place) for place in PLACES if Path(place, "cgroup.controllers").exists()]
    if not places:
        pytest.skip("this machine has no control groups of the second version")
    folder = places[0] / f"variantsel-test-{uuid.uuid4().hex}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    for name in (places[0] / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (folder / "cgroup.subtree_control").write_text(f"+{name}")
    (folder / "session").mkdir()
    for path in (folder, folder / "cgroup.procs", folder / "session/cgroup.procs"):
        os.chown(path, SOME_USER, SOME_USER)
    yield folder
    (folder / "session").rmdir()
    folder.rmdir()


def asked_in(group: Path, machine: str, code: str) -> dict[str, str]:
    return asked("user", machine, code, group=group / "session")


@pytest.mark.usefixtures("namespaces")
def test_a_provider_is_in_a_group_of_its_own_that_is_removed(delegated: Path) -> None:
    body = (
        "text = open('/proc/self/cgroup').read()\n"
        "name = text.partition('0::')[2].splitlines()[0].rpartition('/')[2]\n"
        "return [Config('name', [name.replace('-', '_')])]"
    )
    found = asked_in(delegated, "everything", failing(body))
    assert found["name"].startswith("variantsel_")
    assert [path.name for path in delegated.iterdir() if path.is_dir()] == ["session"]


def test_what_is_in_it_ends_at_once(delegated: Path) -> None:
    code = (
        "import os, sys, time\n"
        "sys.path.append(sys.argv[2])\n"
        "from variantsel.provider_host.control_group import ControlGroup\n"
        "open(sys.argv[1] + '/session/cgroup.procs', 'w').write('0')\n"
        f"os.setgid({SOME_USER}); os.setuid({SOME_USER})\n"
        "group = ControlGroup.made()\n"
        "inside = os.fork()\n"
        "if inside == 0:\n"
        "    group.enter()\n"
        "    os.setsid()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(20)\n"
        "time.sleep(0.3)\n"
        "group.end()\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(inside, 0)[1]), flush=True)\n"
        "group.remove()\n"
    )
    place = str(Path(control_group.__file__).parents[2])
    command = [sys.executable, "-c", code, str(delegated), place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["ready", "-9"]


def test_memory_and_processes_are_limited(delegated: Path) -> None:
    enabled = (delegated / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(enabled):
        pytest.skip("control groups of the first version have the controllers on this machine")
    body = "bytearray(5 * 1024**3)\nreturn [Config('done', ['1'])]"
    assert "SIGKILL" in asked_in(delegated, "everything", failing(body))["failure"]
