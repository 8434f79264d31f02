"""A provider package that means harm: what it is kept from, and what it is not."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from support.plugins import Ask, failing, failure, running, wait_until

from variantsel.errors import PluginFailure
from variantsel.provider_host.confinement import landlock_version

on_linux = pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs Linux' /proc")


def needs_landlock(version: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        landlock_version() < version,
        reason=f"this kernel has Landlock {landlock_version()}, not {version}",
    )


def answered(ask: Ask, body: str) -> str:
    """The one value that a plugin made of what it found out, in ``value``."""
    (values,) = ask(failing(f"{body}\nreturn [Config('found', [value])]")).features.values()
    return values[0]


# -- processes


@on_linux
@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '{mark}'])",
        "subprocess.Popen(['sleep', '{mark}'], start_new_session=True)",
        "subprocess.Popen(['sh', '-c', 'setsid sleep {mark} & exit'], start_new_session=True)",
        "subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; sleep {mark}; sleep {mark}'])",
    ],
    ids=["child", "session", "daemon", "stubborn"],
)
def test_no_process_is_left_behind(ask: Ask, request: pytest.FixtureRequest, start: str) -> None:
    mark = f"77.{abs(hash(request.node.name)) % 10**6}"
    body = f"import subprocess, time\n{start.format(mark=mark)}\ntime.sleep(0.2)\nreturn []"
    assert ask(failing(body)).features == {}
    assert not running(mark)


@on_linux
@pytest.mark.parametrize("detach", ["pass", "os.setsid()"])
def test_a_fork_bomb_is_put_out(ask: Ask, detach: str) -> None:
    # Of 156 processes and no more, should it ever not be.
    body = (
        "import os, time\n"
        "def spread(generation):\n"
        "    for _ in range(12):\n"
        "        if os.fork() == 0:\n"
        f"            {detach}\n"
        "            if generation: spread(generation - 1)\n"
        "            os.execvp('sleep', ['sleep', '88.25'])\n"
        "spread(1)\n"
        "time.sleep(60)"
    )
    assert failure(ask, failing(body)) == "started more than 64 processes"
    assert not running("sleep\x0088.25")


@needs_landlock(6)
def test_it_cannot_end_the_processes_that_ask_it(ask: Ask) -> None:
    body = (
        "import os, signal\n"
        "value = 'ended'\n"
        f"for process in (os.getppid(), {os.getpid()}):\n"
        "    try: os.kill(process, signal.SIGCONT)\n"
        "    except PermissionError: value = 'refused'"
    )
    assert answered(ask, body) == "refused"


@on_linux
def test_ending_the_process_that_watches_it_is_one_line(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variantsel.provider_host.query._START", UNCONFINED)
    body = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    assert failure(ask, failing(body)) == "ended the process it was asked from (-9)"


UNCONFINED = """\
import sys
sys.path.append(sys.argv[1])
from variantsel.provider_host import supervisor
supervisor.confine = lambda *_: None
supervisor.main(sys.argv[2])
"""


# -- secrets


def test_it_sees_the_variables_that_drivers_go_by_and_no_others(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL", "GITHUB_TOKEN", "VARIANTSEL_TRUST"):
        monkeypatch.setenv(name, "s3cret.token")
    for name in ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "ACME_VARIANT_PROVIDER_FORCE_LEVEL"):
        monkeypatch.setenv(name, "/1")
    body = "import os; return [Config(name.lower(), ['1']) for name in os.environ]"
    seen = set(ask(failing(body)).features)
    assert {"cuda_visible_devices", "ld_library_path", "path", "home"} <= seen
    assert "acme_variant_provider_force_level" in seen
    assert not {name for name in seen if "secret" in name or "token" in name or "pip" in name}
    assert "variantsel_trust" not in seen


@on_linux
@needs_landlock(1)
def test_it_cannot_read_the_variables_of_other_processes(ask: Ask) -> None:
    body = (
        "import glob\n"
        "value = 'nothing'\n"
        "for path in glob.glob('/proc/[0-9]*/environ'):\n"
        "    try: text = open(path).read()\n"
        "    except OSError: continue\n"
        # Not pytest's own, which were set as it started: any of a process that is not ours.
        "    if 'HOME=' in text and 'variantsel-' not in text.partition('HOME=')[2][:40]:\n"
        "        value = 'another'"
    )
    assert answered(ask, body) == "nothing"


@needs_landlock(1)
def test_it_cannot_read_the_users_files(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("key")
    body = (
        f"try: value = open({str(tmp_path / 'id_ed25519')!r}).read()\n"
        "except PermissionError: value = 'refused'"
    )
    assert answered(ask, body) == "refused"


# -- files and network


@needs_landlock(1)
@pytest.mark.parametrize("mode", ["w", "a"])
def test_it_cannot_write_outside_its_folder(ask: Ask, tmp_path: Path, mode: str) -> None:
    (tmp_path / "a").write_text("mine")
    body = (
        "value = 'refused'\n"
        "for name in ('a', 'b', 'site/acme_provider.py', 'site/sitecustomize.py'):\n"
        f"    try: open({str(tmp_path)!r} + '/' + name, {mode!r}).write('x')\n"
        "    except PermissionError: continue\n"
        "    value = 'written'"
    )
    assert answered(ask, body) == "refused"
    assert (tmp_path / "a").read_text() == "mine"
    assert not (tmp_path / "b").exists()


def test_what_it_writes_in_its_folder_is_removed(ask: Ask) -> None:
    body = (
        "import os, tempfile\n"
        "os.makedirs('a/b'); open('a/b/c', 'w').write('x'); os.chmod('a/b', 0)\n"
        "value = os.getcwd() == os.environ['HOME'] == tempfile.gettempdir() and os.getcwd()\n"
        "value = value.encode().hex()"
    )
    folder = Path(bytes.fromhex(answered(ask, body)).decode())
    assert folder.name.startswith("variantsel-")
    assert not folder.exists()


def test_it_cannot_fill_the_disk_with_one_file(ask: Ask) -> None:
    body = "open('big', 'wb').write(b'x' * 17_000_000); return []"
    assert "File too large" in failure(ask, failing(body))


@needs_landlock(4)
def test_it_cannot_connect_anywhere(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        body = (
            "import socket\n"
            f"try: socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))\n"
            "except PermissionError: value = 'refused'\n"
            "else: value = 'connected'"
        )
        assert answered(ask, body) == "refused"


# -- where there is no Landlock


@on_linux
def test_limits_on_processes_and_files_need_no_landlock(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = UNCONFINED.replace("supervisor.confine = lambda *_: None", "").replace(
        "supervisor.main",
        "from variantsel.provider_host import confinement\n"
        "confinement.landlock_version = lambda: 0\n"
        "supervisor.main",
    )
    monkeypatch.setattr("variantsel.provider_host.query._START", start)
    body = (
        "import subprocess, resource\n"
        "subprocess.Popen(['sleep', '99.5'], start_new_session=True)\n"
        "value = f'{resource.getrlimit(resource.RLIMIT_CORE)[0]}.'\n"
        "value += f'{resource.getrlimit(resource.RLIMIT_FSIZE)[0]}'"
    )
    assert answered(ask, body) == f"0.{16 * 1024 * 1024}"
    wait_until(lambda: not running("sleep\x0099.5"))
    with pytest.raises(PluginFailure, match="File too large"):
        ask(failing("open('big', 'wb').write(b'x' * 17_000_000); return []"))
