"""What a provider that means harm tries: the code of a provider package, and of its own control.

Each function either does harm and returns, or raises. Everything is bounded: nothing here starts
more than one process, writes more than a few bytes, or takes longer than a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

TARGETS: dict[str, object] = {}
"""What there is to harm: paths, numbers of processes, ports."""

_X86 = os.uname().machine == "x86_64"
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.shmat.restype = ctypes.c_void_p
LIBC.syscall.restype = ctypes.c_long


def call(x86: int, arm: int, *arguments: object) -> int:
    return checked(LIBC.syscall(ctypes.c_long(x86 if _X86 else arm), *arguments))


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# -- network


def _to(kind: int = socket.SOCK_STREAM, protocol: int = 0) -> None:
    with socket.socket(socket.AF_INET, kind, protocol) as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", TARGETS["port"]))


def tcp() -> None:
    _to()


def mptcp() -> None:
    _to(protocol=262)


def fast_open() -> None:
    with socket.socket() as client:
        client.sendto(b"x", 0x20000000, ("127.0.0.1", TARGETS["port"]))


def udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"x", ("127.0.0.1", TARGETS["port"]))


def _in_the_machines_network() -> None:
    if str(Path("/proc/self/ns/net").readlink()) != TARGETS["network"]:
        raise OSError("a network of its own, in which nobody is")


def listen() -> None:
    with socket.socket() as server:
        server.listen()
    _in_the_machines_network()


def listen_mptcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as server:
        server.listen()
    _in_the_machines_network()


def netlink() -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    _in_the_machines_network()


def unix_socket() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(TARGETS["socket"]))


def abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + str(TARGETS["abstract"]))


# -- other processes


def signal_it() -> None:
    os.kill(TARGETS["process"], 28)  # SIGWINCH, which nobody minds


def signal_a_descriptor() -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, TARGETS["process"])
    fcntl.fcntl(reading, 10, 28)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writing, b"x")


def limit_it() -> None:
    resource.prlimit(TARGETS["process"], resource.RLIMIT_CORE, (0, 0))


def slow_all() -> None:
    if os.getuid() == 0:
        raise OSError("this would slow the whole machine")
    os.setpriority(os.PRIO_USER, 0, 18)
    if os.getpriority(os.PRIO_PROCESS, TARGETS["process"]) != 18:
        raise OSError("not that one")


def slow_it() -> None:
    os.setpriority(os.PRIO_PROCESS, TARGETS["process"], 19)


def pin_it() -> None:
    os.sched_setaffinity(TARGETS["process"], os.sched_getaffinity(0))


def trace_it() -> None:
    call(101, 117, 0x4206, TARGETS["process"], None, None)  # PTRACE_SEIZE


def read_its_memory() -> None:
    here = ctypes.create_string_buffer(8)
    local = (ctypes.c_size_t * 2)(ctypes.addressof(here), 8)
    remote = (ctypes.c_size_t * 2)(int(TARGETS["address"]), 8)
    call(310, 270, TARGETS["process"], local, ctypes.c_ulong(1), remote, ctypes.c_ulong(1), None)


def write_its_memory() -> None:
    with open(f"/proc/{TARGETS['process']}/mem", "r+b", buffering=0) as memory:
        memory.seek(int(TARGETS["address"]))
        memory.write(b"x")


# -- secrets


def read_file() -> None:
    Path(str(TARGETS["secret"])).read_text()


def read_run() -> None:
    Path(str(TARGETS["run"])).read_text()


def read_through_path() -> None:
    """Its PATH names the whole disk."""
    assert any(part in ("/.", "//") for part in os.environ["PATH"].split(":"))
    Path(str(TARGETS["secret"])).read_text()


def read_configuration() -> None:
    Path("/etc/hosts").read_text()


def read_shadow() -> None:
    Path("/etc/shadow").read_text()


def list_home() -> None:
    if not any(path.name == "secret" for path in Path(str(TARGETS["folder"])).iterdir()):
        raise OSError("only what leads to its own")


def _of_another(name: str, mark: str) -> None:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                if mark.encode() in (folder / name).read_bytes():
                    return
    raise OSError("seen nowhere")


def command_lines() -> None:
    _of_another("cmdline", str(TARGETS["argument"]))


def environments() -> None:
    _of_another("environ", str(TARGETS["variable"]))


def _key_in(keyring: int) -> None:
    name = str(TARGETS["key"]).encode()
    found = call(250, 219, 10, ctypes.c_long(keyring), b"user", name, ctypes.c_long(0))
    call(250, 219, 11, found, ctypes.create_string_buffer(64), ctypes.c_long(64))


def key() -> None:
    _key_in(-4)


def inherited_key() -> None:
    _key_in(-3)


def shared_memory() -> None:
    place = LIBC.shmat(TARGETS["shared memory"], None, 0)
    if place in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "shmat")
    ctypes.string_at(place, 4)


def message_queue() -> None:
    queue = ctypes.create_string_buffer(64)
    # IPC_NOWAIT; not MSG_COPY, which not every kernel has
    checked(LIBC.msgrcv(TARGETS["messages"], queue, ctypes.c_size_t(8), ctypes.c_long(0), 0x800))


def write_terminal() -> None:
    terminal = os.open(str(TARGETS["terminal"]), os.O_WRONLY | os.O_NOCTTY)
    os.write(terminal, b"[sudo] password: ")


def read_terminal() -> None:
    terminal = os.open(str(TARGETS["terminal"]), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        os.read(terminal, 100)


def controlling_terminal() -> None:
    os.open("/dev/tty", os.O_RDWR)


def type_into_terminal() -> None:
    with open(str(TARGETS["terminal"]), "rb", buffering=0, opener=_quietly) as terminal:
        fcntl.ioctl(terminal, 0x5412, b"x")  # TIOCSTI


def _quietly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK)


def kernel_log() -> None:
    call(103, 116, 10, None, 0)


# -- changing what is not its own


def write_file() -> None:
    Path(str(TARGETS["mine"])).write_text("x")


def new_file() -> None:
    (Path(str(TARGETS["folder"])) / "new").write_text("x")


def new_module() -> None:
    (Path(__file__).parent / "sitecustomize.py").write_text("x")


def empty_module() -> None:
    os.close(os.open(Path(__file__).with_name("victim.py"), os.O_RDONLY | os.O_TRUNC))


def truncate_file() -> None:
    os.truncate(str(TARGETS["mine"]), 1)


def remove_file() -> None:
    Path(str(TARGETS["victim"])).unlink()


def rename_file() -> None:
    Path(str(TARGETS["victim 2"])).rename(Path(os.environ["HOME"]) / "mine")


def link_file() -> None:
    os.link(str(TARGETS["mine"]), Path(os.environ["HOME"]) / "linked")


def chmod() -> None:
    Path(str(TARGETS["mine"])).chmod(0o644)


def chmod_module() -> None:
    Path(__file__).chmod(0o755)


def chmod_open_file() -> None:
    with open(__file__, "rb") as file:
        os.fchmod(file.fileno(), 0o755)


def set_times() -> None:
    os.utime(str(TARGETS["mine"]), (1, 1))


def set_attribute() -> None:
    os.setxattr(str(TARGETS["mine"]), "user.evil", b"1")


def set_flags() -> None:
    with open(__file__, "rb") as file:
        flags = fcntl.ioctl(file, 0x80086601, struct.pack("q", 0))
        fcntl.ioctl(file, 0x40086602, flags)


def give_away() -> None:
    os.chown(str(TARGETS["mine"]), os.getuid(), os.getgid())


def shared_file() -> None:
    with open(str(TARGETS["shared file"]), "r+b") as file:
        file.write(b"x")


def process_setting() -> None:
    Path(f"/proc/{TARGETS['process']}/oom_score_adj").write_text("1000")


# -- more of the kernel than it needs


def new_namespace() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.unshare(0x10000000) == 0 else 1)
    if os.waitpid(child, 0)[1]:
        raise OSError("refused")


def new_namespace_in_child() -> None:
    child = call(56, 220, ctypes.c_ulong(0x10000000 | 17), None, None, None, None)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def programs_in_the_kernel() -> None:
    os.close(call(321, 280, 0, struct.pack("=5I", 2, 4, 4, 1, 0).ljust(128, b"\0"), 128))


def performance_counters() -> None:
    size = 128
    attributes = struct.pack("=IIQ", 1, size, 0).ljust(40, b"\0")
    attributes += struct.pack("=Q", 0b1100001)  # disabled, of this process, without the kernel
    os.close(call(298, 241, attributes.ljust(size, b"\0"), 0, -1, -1, ctypes.c_ulong(0)))


def page_faults() -> None:
    os.close(call(323, 282, 1))


def ring() -> None:
    os.close(call(425, 425, 1, ctypes.create_string_buffer(120)))


def watch_files() -> None:
    os.close(call(294, 26, 0))


def other_numbers() -> None:
    """``getpid`` of another machine's calls: x32 on x86-64."""
    checked(LIBC.syscall(ctypes.c_long(0x40000000 + 39)))


# -- what it has to be able to do


def own_folder() -> None:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp())
    (folder / "a").write_text("x")
    (folder / "a").rename(folder / "b")
    shutil.copyfile(folder / "b", folder / "c")
    shutil.rmtree(folder)


def programs() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", "print(1)"], capture_output=True, timeout=20, check=True
    )
    assert done.stdout == b"1\n"


def threads() -> None:
    import threading

    threads = [threading.Thread(target=time.sleep, args=(0.05,)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def system() -> None:
    assert "processor" in Path("/proc/cpuinfo").read_text()
    assert list(Path("/sys/devices/system/cpu").iterdir())
    assert Path("/proc/self/maps").read_text()
    assert list(Path("/dev").iterdir())
    assert Path("/etc/ld.so.cache").exists() or not Path("/etc/ld.so.conf").exists()


def libraries() -> None:
    assert ctypes.CDLL("libm.so.6", mode=ctypes.RTLD_GLOBAL)
    mmap.mmap(-1, 1 << 30).close()


def streams() -> None:
    one, other = socket.socketpair()
    one.close()
    other.close()
    os.memfd_create("mine")


PROMISES = {
    "connections": (
        *(tcp, mptcp, fast_open, udp, listen, listen_mptcp, netlink),
        *(unix_socket, abstract_socket),
    ),
    "signals": (signal_it, signal_a_descriptor, limit_it, slow_all, slow_it, pin_it),
    "memory": (trace_it, read_its_memory, write_its_memory, process_setting),
    "reading": (
        *(read_file, read_run, read_through_path, read_configuration, read_shadow, list_home),
    ),
    "programs": (command_lines, environments),
    "keys": (key, inherited_key, shared_memory, message_queue),
    "terminal": (write_terminal, read_terminal, controlling_terminal, type_into_terminal),
    "writing": (
        *(write_file, new_file, new_module, empty_module, truncate_file, remove_file),
        *(rename_file, link_file, shared_file),
    ),
    "modes": (
        *(chmod, chmod_module, chmod_open_file, set_times, set_attribute, set_flags, give_away),
    ),
    "kernel": (
        *(kernel_log, new_namespace, new_namespace_in_child, programs_in_the_kernel),
        *(performance_counters, page_faults, ring, watch_files, other_numbers),
    ),
}
"""What is promised, and how it could be broken."""
WORK = (own_folder, programs, threads, system, libraries, streams)


def results() -> dict[str, str]:
    """What came of each: ``done``, ``refused``, or for what has to work the error."""
    found = {}
    for function in (*(attack for attacks in PROMISES.values() for attack in attacks), *WORK):
        try:
            function()
            found[function.__name__] = "done"
        except Exception as error:
            problem = f"{type(error).__name__} {error}".lower()
            known = "".join(c if c.isalnum() else "_" for c in problem)
            found[function.__name__] = f"refused.{known[:80]}"
    return found


class Config:
    multi_value = False

    def __init__(self, name: str, values: list[str]) -> None:
        self.name, self.values = name, values


def get_supported_configs() -> list[Config]:
    return [Config(name, [value]) for name, value in results().items()]
