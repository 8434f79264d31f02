"""A user, what there is to harm of theirs, and a provider that tries: on several kinds of machine.

Run as a program, by :func:`outcomes`: it becomes another user, and leaves that user's processes,
files and settings behind. A kernel that lacks something is a filter that refuses it, as containers
have one.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from variantsel.errors import PluginFailure
from variantsel.provider_host import libc
from variantsel.provider_host.query import Query, query
from variantsel.provider_host.system_call_filter import filtered_machine, install
from variantsel.provider_host.system_call_numbers import NUMBERS

MACHINES = {
    "everything": (),
    "no-namespaces": ("unshare",),
    "no-landlock": ("landlock_create_ruleset",),
    "neither": ("unshare", "landlock_create_ruleset"),
    "no-filter": ("seccomp",),
}
"""Kinds of machine, and what their kernel refuses."""
CONTROL = "control"
"""The same attacks in an ordinary process: what is refused there tells nothing."""

SOME_USER = 54321
_ATTACKS = Path(__file__).with_name("attacks.py")
_VICTIM = """\
import ctypes, os, sys
libc = ctypes.CDLL(None)
key, shared, queue = (248, 29, 68) if os.uname().machine == "x86_64" else (217, 194, 186)
secret = ctypes.create_string_buffer(b"secret of another program")
name = os.environ["KEY"].encode()
libc.syscall(key, b"user", name, b"password", ctypes.c_size_t(8), -4)
memory = libc.syscall(shared, 0, ctypes.c_size_t(4096), 0o1600)
messages = libc.syscall(queue, 0, 0o1600)
libc.msgsnd(messages, ctypes.create_string_buffer(b"\\1" + b"\\0" * 7 + b"password"), 8, 0)
print(ctypes.addressof(secret), memory, messages, flush=True)
sys.stdin.read()
libc.shmctl(memory, 0, None)
libc.msgctl(messages, 0, None)
"""


def outcomes(who: str) -> dict[str, dict[str, str]]:
    """What came of every attack on every kind of machine: ``{machine: {attack: outcome}}``.

    :param who: ``root`` or ``user``.
    """
    return _started({"who": who, "machines": [*MACHINES, CONTROL], "code": None, "limit": 60})


def asked(
    who: str, machine: str, code: str, limit: float = 20, group: Path | None = None
) -> dict[str, str]:
    """What a provider with a module of some code answers: ``{feature: first value}``.

    Where it fails, ``{"failure": text}``. ``"seconds"`` is how long it took, ``"left"`` what it
    left in the folder of temporary files, ``"folder"`` what its processes' command lines have.

    :param group: the control group to be in.
    """
    request = {"who": who, "machines": [machine], "code": code, "limit": limit}
    return _started({**request, "group": str(group or "")})[machine]


def _started(request: dict[str, object]) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(request)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def without(*refused: str) -> None:
    """Make this process's kernel one that refuses something, for good."""
    machine = filtered_machine()
    assert machine is not None
    numbers = {"landlock_create_ruleset": 444, "seccomp": (157, 167)[machine]}
    program = [(0x20, 0, 0, 0)]
    for call in refused:
        number = numbers.get(call) or NUMBERS[call][machine]
        body = [(0x06, 0, 0, 0x00050000 | 1)]
        if call == "seccomp":  # of prctl(), only that
            body = [(0x20, 0, 0, 16), (0x15, 0, 1, 22), *body, (0x06, 0, 0, 0x7FFF0000)]
        program += [(0x15, 0, len(body), number), *body]
    program.append((0x06, 0, 0, 0x7FFF0000))
    libc.prctl(38, 1)
    install(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))


def become_some_user(*needed: str) -> None:
    """Be another user than root from now on, who can reach some folders of root's."""
    libc.call("unshare", ctypes.c_int(0x20000))
    libc.call("mount", b"none", b"/", None, ctypes.c_ulong(0x44000), None)
    for path in needed:
        closed = [p for p in Path(path).parents if not p.stat().st_mode & 0o001]
        if closed:
            place = os.open(path, os.O_PATH)
            libc.call("mount", b"none", bytes(closed[-1]), b"tmpfs", ctypes.c_ulong(0), b"mode=755")
            Path(path).mkdir(parents=True)
            source = f"/proc/self/fd/{place}".encode()
            libc.call("mount", source, path.encode(), None, ctypes.c_ulong(0x5000), None)
    os.setgroups([])
    os.setresgid(SOME_USER, SOME_USER, SOME_USER)
    os.setresuid(SOME_USER, SOME_USER, SOME_USER)
    libc.prctl(4, 1)


@contextlib.contextmanager
def _targets(folder: Path) -> Iterator[dict[str, object]]:
    """What there is to harm."""
    mark = folder.name
    for name in ("secret", "mine", "victim", "victim 2"):
        (folder / name).write_text("of the user")
        (folder / name).chmod(0o600)
    shared = Path("/dev/shm", mark)
    shared.write_text("of the user")
    run = Path(os.environ["RUN_FOLDER"], mark)
    run.write_text("of the user")
    controller, terminal = pty.openpty()
    os.set_blocking(controller, False)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX) as abstract,
        subprocess.Popen(
            [sys.executable, "-I", "-c", _VICTIM, f"--index-url=https://me:{mark}@index"],
            env={"KEY": f"{mark}-key", "TOKEN": f"{mark}-token"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as victim,
    ):
        local.bind(str(folder / "socket"))
        abstract.bind(f"\0{mark}")
        for listening in (local, abstract):
            listening.listen()
        assert victim.stdout is not None
        address, memory, messages = victim.stdout.readline().split()
        try:
            yield {
                **{name: str(folder / name) for name in ("secret", "mine", "victim", "victim 2")},
                "folder": str(folder),
                "run": str(run),
                "socket": str(folder / "socket"),
                "abstract": mark,
                "port": server.getsockname()[1],
                "process": victim.pid,
                "address": int(address),
                "key": f"{mark}-key",
                "variable": f"{mark}-token",
                "shared memory": int(memory),
                "messages": int(messages),
                "argument": f"me:{mark}@index",
                "terminal": os.ttyname(terminal),
                "shared file": str(shared),
                "network": str(Path("/proc/self/ns/net").readlink()),
            }
        finally:
            victim.communicate("", timeout=20)
            os.close(controller)
            os.close(terminal)
            for path in (shared, run):
                path.unlink(missing_ok=True)


def _add_session_key(name: str) -> None:
    """Put a key where what this process starts inherits it."""
    number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    size, keyring = ctypes.c_size_t(8), ctypes.c_long(-3)
    libc.system_call(number, b"user", name.encode(), b"password", size, keyring)


def _package(folder: Path, code: str) -> Path:
    site = folder / "site"
    info = site / "acme_provider-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_provider.py").write_text(code, encoding="utf-8")
    (site / "victim.py").write_text("1\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-provider\nVersion: 1.0\n")
    return site


def _attacks(targets: dict[str, object]) -> str:
    code = _ATTACKS.read_text(encoding="utf-8")
    before = "TARGETS: dict[str, object] = {}"
    assert before in code
    return code.replace(before, f"TARGETS = {targets!r}")


def _outcome(machine: str, code: str | None, limit: float) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="variantsel-world-"))
    os.environ["PATH"] += ":/."
    try:
        if code is not None:
            without(*MACHINES[machine])
            return _answer(_package(folder, code), limit)
        with _targets(folder) as targets:
            _add_session_key(str(targets["key"]))
            site = _package(folder, _attacks(targets))
            if machine == CONTROL:
                return _unconfined(site, folder / "home")
            without(*MACHINES[machine])
            return _answer(site, limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(site: Path, limit: float) -> dict[str, str]:
    temporary = site.parent / "tmp"
    temporary.mkdir()
    tempfile.tempdir = str(temporary)
    started = time.monotonic()
    try:
        (answer,) = query(Query(site, "acme-provider", "acme_provider", "acme"), limit)
        found = {name: values[0] for name, values in answer.features.items()}
    except PluginFailure as error:
        found = {"failure": str(error)}
    seconds = str(time.monotonic() - started)
    left = " ".join(path.name for path in temporary.iterdir())
    return {**found, "seconds": seconds, "left": left, "folder": str(site)}


def _unconfined(site: Path, home: Path) -> dict[str, str]:
    home.mkdir()
    code = "import json, acme_provider; print(json.dumps(acme_provider.results()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
        capture_output=True,
        check=True,
        timeout=100,
    )
    return json.loads(done.stdout)


def _in_child(machine: str, code: str | None, limit: float) -> dict[str, str]:
    """Each in a process of its own, since there is no way back."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            content = json.dumps(_outcome(machine, code, limit))
        except BaseException as error:
            content = json.dumps({"failed": f"{type(error).__name__}: {error}"})
        with open(writing, "w", encoding="utf-8") as file:
            file.write(content)
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        content = file.read()
    os.waitpid(child, 0)
    return json.loads(content)


def main(text: str) -> None:
    """Print what came of it."""
    request = json.loads(text)
    is_root = os.geteuid() == 0
    place = "/run" if is_root else os.environ.get("XDG_RUNTIME_DIR")
    run = Path(tempfile.mkdtemp(prefix="variantsel-world-", dir=place))
    os.environ["RUN_FOLDER"] = str(run)
    child = os.fork()
    if child == 0:
        if request.get("group"):
            Path(request["group"], "cgroup.procs").write_text("0")
        if request["who"] == "user" and is_root:
            os.chown(run, SOME_USER, SOME_USER)
            become_some_user(*{sys.base_prefix, sys.prefix, str(Path(libc.__file__).parents[2])})
        # In their order: what is done without limits comes last.
        machines = request["machines"]
        code, limit = request["code"], request["limit"]
        print(json.dumps({machine: _in_child(machine, code, limit) for machine in machines}))
        sys.exit(0)
    os.waitpid(child, 0)
    shutil.rmtree(run)


if __name__ == "__main__":
    main(sys.argv[1])
