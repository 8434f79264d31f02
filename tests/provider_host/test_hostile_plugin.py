"""A provider package that means harm: what holds wherever it runs.

What more the kernel keeps it from is in ``test_promises.py``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

import pytest
from support.plugins import Ask, failing, failure, running, wait_until

from variantsel.provider_host import query

on_linux = pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs Linux' /proc")


def answered(ask: Ask, body: str) -> str:
    """The one value that a plugin made of what it found out, in ``value``."""
    (values,) = ask(failing(f"{body}\nreturn [Config('found', [value])]")).features.values()
    return values[0]


# -- processes


@pytest.mark.usefixtures("namespaces")
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


@pytest.mark.usefixtures("namespaces")
@on_linux
@pytest.mark.parametrize("detach", ["pass", "os.setsid()"])
def test_a_fork_bomb_is_put_out(ask: Ask, detach: str) -> None:
    # Of 90 processes and no more, should it ever not be.
    body = (
        "import os, time\n"
        "def spread(generation):\n"
        "    for _ in range(9):\n"
        "        if os.fork() == 0:\n"
        f"            {detach}\n"
        "            if generation: spread(generation - 1)\n"
        "            os.execvp('sleep', ['sleep', '88.25'])\n"
        "spread(1)\n"
        "time.sleep(60)"
    )
    assert failure(ask, failing(body)) == "started more than 64 processes"
    assert not running("sleep\x0088.25")


@on_linux
def test_without_the_process_that_watches_it_there_is_one_line_and_no_process(
    ask: Ask, tmp_path: Path
) -> None:
    if not query.confinement()["namespaces"]:
        pytest.skip("there are no namespaces on this machine")
    answers: list[str] = []
    body = "import os, time; os.fork(); time.sleep(30)"
    asking = threading.Thread(target=lambda: answers.append(failure(ask, failing(body))))
    asking.start()
    mark = str(tmp_path / "site")
    wait_until(lambda: len(processes(mark)) == 5)
    os.kill(min(processes(mark)), signal.SIGKILL)
    asking.join()
    assert answers == ["ended the process it was asked from (-9)"]
    wait_until(lambda: not running(mark))


def processes(mark: str) -> list[int]:
    """The processes with a command line with these words, the oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in path.read_text(errors="replace"):
                found.append(int(path.parent.name))
    return sorted(found)


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


# -- files


@pytest.mark.usefixtures("namespaces")
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
