"""What docs/security.md promises of a trusted provider, cell by cell: a provider tries to break it.

``support/attacks.py`` is the provider, ``support/hostile_world.py`` are its users and machines.
"""

from __future__ import annotations

import os
import sys
import uuid
from functools import cache

import pytest
from support.documents import table
from support.repository import REPOSITORY

if not sys.platform.startswith("linux"):
    pytest.skip("only Linux confines a provider", allow_module_level=True)

from support.attacks import PROMISES, WORK
from support.hostile_world import CONTROL, MACHINES, asked, outcomes
from support.plugins import failing, running

from variantsel.provider_host.query import confinement

TABLE = {
    row["promise"].strip("`"): row for row in table(REPOSITORY / "docs/security.md", "promise")
}
everywhere = pytest.mark.parametrize("machine", MACHINES)
whoever = pytest.mark.parametrize("who", ["user", "root"])


def is_held(promise: str, machine: str, who: str) -> bool:
    """Whether the table says so."""
    columns = [f"`{machine}`"] + (["`root`"] if (who, machine) == ("root", "everything") else [])
    cells = [TABLE[promise][column] for column in columns]
    assert set(cells) <= {"held", "no"}
    return "no" not in cells


@cache
def _confinement() -> dict[str, object]:
    return confinement()


@pytest.fixture(autouse=True)
def _possible(request: pytest.FixtureRequest) -> None:
    """Skip what this machine cannot show."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    machine, who = parameters.get("machine"), parameters.get("who")
    if who == "root" and os.geteuid() != 0:
        pytest.skip("needs root")
    here = _confinement()
    if not here["filter"]:
        pytest.skip("this kernel has no filter of system calls")
    # Without any, in a chroot say, the users and folders of this world are not to be had either.
    if not here["namespaces"]:
        pytest.skip("there are no namespaces on this machine")
    if machine in ("everything", "no-namespaces", "no-filter") and not here["landlock"]:
        pytest.skip("there is no Landlock on this machine")


_outcomes = cache(outcomes)


@everywhere
@whoever
@pytest.mark.parametrize("promise", PROMISES)
def test_what_is_promised_is_held(promise: str, machine: str, who: str) -> None:
    control, found = _outcomes(who)[CONTROL], _outcomes(who)[machine]
    assert "failed" not in control | found, control | found
    # What is refused without any confinement as well tells nothing.
    possible = [
        attack.__name__ for attack in PROMISES[promise] if control[attack.__name__] == "done"
    ]
    if not possible:
        pytest.skip("none of it can be done on this machine")
    assert all(found[name] == "done" or found[name].startswith("refused") for name in possible)
    done = [name for name in possible if found[name] == "done"]
    if is_held(promise, machine, who):
        assert done == []
    elif who == "user":
        assert done != [], "the table may promise it"


@everywhere
@whoever
def test_what_a_provider_needs_works(machine: str, who: str) -> None:
    found = _outcomes(who)[machine]
    assert {function.__name__: found.get(function.__name__) for function in WORK} == {
        function.__name__: "done" for function in WORK
    }


PRIVILEGES = """\
lines = open("/proc/self/status").read().splitlines()
values = {line.partition(":")[0]: line.split()[1] for line in lines if len(line.split()) > 1}
return [Config(name.lower(), [values[name]]) for name in ("CapEff", "CapPrm", "NoNewPrivs", "Uid")]
"""


@everywhere
@whoever
def test_it_has_no_power_of_root(machine: str, who: str) -> None:
    found = asked(who, machine, failing(PRIVILEGES))
    assert found["nonewprivs"] == "1"
    assert found["uid"] != "0"
    # Root's own folders can be read, where they are not made to appear elsewhere.
    reading = {1 << 2} if who == "root" and machine in ("no-namespaces", "neither") else set()
    for name in ("capeff", "capprm"):
        assert int(found[name], 16) in {0} | reading


# -- processes: all are bounded in number and time by themselves, should nothing else do it

DAEMON = """\
import os, subprocess, sys, time
code = "import signal, time; [signal.signal(n, 1) for n in (1, 2, 15)]; time.sleep(20)"
def leave(*steps):
    for step in steps:
        try: step()
        except OSError: pass
for _ in range(3):
    if os.fork() == 0:
        leave(os.setsid, lambda: os.setpgid(0, 0))
        if os.fork(): os._exit(0)
        leave(os.setsid, lambda: os.setpgid(0, 0))
        os.closerange(0, 64)
        os.execv(sys.executable, [sys.executable, "-I", "-c", code, "{mark}"])
time.sleep(0.5)
return [Config("done", ["1"])]
"""
# It is another process at every look: each starts the next and ends.
RUNNER = """\
import os, time
end = time.monotonic() + 8
if os.fork() == 0:
    os.closerange(0, 64)
    while time.monotonic() < end:
        try: os.setsid()
        except OSError: pass
        if os.fork(): os._exit(0)
    os._exit(0)
time.sleep(0.2)
return [Config("done", ["1"])]
"""
# Twenty that keep every processor busy, and an answer in single bytes.
STARVING = """\
import os, time
end = time.monotonic() + 15
for _ in range(20):
    if os.fork() == 0:
        while time.monotonic() < end: pass
        os._exit(0)
pipes = [n for n in range(3, 20) if os.path.exists(f"/proc/self/fd/{n}")] or range(3, 12)
while time.monotonic() < end:
    for n in pipes:
        try: os.write(n, b"x")
        except OSError: pass
return []
"""
THREADS = """\
import threading
stop = threading.Event()
threads = []
for _ in range(400):
    thread = threading.Thread(target=stop.wait, args=(10,))
    try: thread.start()
    except RuntimeError: break
    threads.append(thread)
stop.set()
return [Config("threads", [str(len(threads))])]
"""
FILES = """\
written = 0
for n in range(12):
    with open(f"{n}", "wb", buffering=0) as file:
        try: written += file.write(bytes(15 << 20))
        except OSError: break
return [Config("mebibytes", [str(written >> 20)])]
"""
NESTED = """\
import os
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
open("f", "w").close()
return [Config("done", ["1"])]
"""
LOCKED = """\
import os
os.makedirs("locked/sub")
open("locked/sub/file", "w").close()
os.symlink("/etc/passwd", "locked/sub/link")
os.symlink("/etc", "link")
for path in ("locked/sub", "locked", "."):
    try: os.chmod(path, 0)
    except OSError: pass
return [Config("done", ["1"])]
"""


def skip_unless_held(promise: str, machine: str, who: str) -> None:
    if not is_held(promise, machine, who):
        pytest.skip("not promised")


@everywhere
@whoever
@pytest.mark.parametrize("code", [DAEMON, RUNNER], ids=["daemon", "runner"])
def test_survivors(machine: str, who: str, code: str) -> None:
    skip_unless_held("survivors", machine, who)
    mark = uuid.uuid4().hex
    code = failing(code.replace("{mark}", mark))
    found = asked(who, machine, code)
    assert found["done"] == "1", found
    assert not running(mark)
    assert not running(found["folder"])
    assert float(found["seconds"]) < 15


@everywhere
@whoever
def test_time_is_by_the_clock_whatever_it_does(machine: str, who: str) -> None:
    found = asked(who, machine, failing(STARVING), limit=1)
    assert found["failure"] in (
        "did not answer within 1 s",
        "gave an answer that is no answer at all",
    )
    assert float(found["seconds"]) < 10
    assert not running(found["folder"])


@everywhere
@whoever
def test_tasks(machine: str, who: str) -> None:
    skip_unless_held("tasks", machine, who)
    found = asked(who, machine, failing(THREADS))
    assert 64 < int(found["threads"]) <= 256


@everywhere
@whoever
def test_disk(machine: str, who: str) -> None:
    found = asked(who, machine, failing(FILES))
    written = int(found["mebibytes"])
    assert written <= 64 if is_held("disk", machine, who) else written == 12 * 15


@pytest.mark.parametrize("machine", ["everything", "no-namespaces"])
@whoever
@pytest.mark.parametrize("code", [NESTED, LOCKED], ids=["nested", "locked"])
def test_what_it_leaves_is_removed(machine: str, who: str, code: str) -> None:
    found = asked(who, machine, failing(code))
    assert found["done"] == "1", found
    assert found["left"] == ""
