"""What a provider package answered, kept for one boot.

What it looks at is not known here, so the key holds whatever an answer may rest on: its files, the
interpreter, the variables it sees, the devices, the drivers that are loaded, and the libraries that
are installed. An answer with a notice is not kept, nor is one where there is no boot to go by.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from variantsel.provider_host import answer_cache
from variantsel.provider_host.answer import InvalidAnswer, PluginAnswer, read_answer
from variantsel.provider_host.devices import accelerator_devices
from variantsel.provider_host.query import Query, passed_variables

__all__ = ["remember", "remembered"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_INSTALLED = (
    *("/etc/ld.so.cache", "/opt/rocm", "/opt/rocm/.info/version", "/usr/local/cuda"),
    *("/usr/local/Ascend", "/usr/local/Ascend/driver/version.info", "/lib/modules"),
)


def remembered(question: Query, identity: str) -> list[PluginAnswer] | None:
    """The answers of this boot; ``None`` where the package has to be asked.

    :param identity: of the environment it runs in.
    """
    key = _key(question, identity)
    if key is None:
        return None
    with contextlib.suppress(InvalidAnswer):
        return read_answer(answer_cache.load_answer(_name(question), key))
    return None


def remember(question: Query, identity: str, answers: list[PluginAnswer]) -> None:
    """Keep answers, if they can be kept."""
    key = _key(question, identity)
    if key is None or any(answer.notices for answer in answers):
        return
    plugins = [
        {
            "namespace": answer.namespace,
            "configs": [
                {"name": name, "values": values, "multi_value": name in answer.multi_value}
                for name, values in answer.features.items()
            ],
        }
        for answer in answers
    ]
    answer_cache.save_answer(_name(question), key, {"plugins": plugins, "notices": []})


def _name(question: Query) -> str:
    return f"{question.package}@{question.namespace or ''}"


def _key(question: Query, identity: str) -> str | None:
    try:
        boot = _BOOT.read_text()
    except OSError:
        return None
    parts = [boot, identity, question.plugin_api, sys.executable, sys.version, *_state()]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _state() -> Iterator[str]:
    """What the answer may depend on, apart from the package itself."""
    yield str(os.getuid())
    for name, value in sorted(passed_variables(os.environ).items()):
        yield f"{name}={value}"
    yield from accelerator_devices()
    for device in sorted(Path("/sys/bus/pci/devices").glob("*")):
        with contextlib.suppress(OSError):
            kind = (device / "vendor").read_text() + (device / "device").read_text()
            yield f"{device.name} {kind}"
    with contextlib.suppress(OSError):
        yield from sorted(path.name for path in Path("/sys/module").iterdir())
    for path in map(Path, _INSTALLED):
        with contextlib.suppress(OSError):
            state = path.stat()
            yield f"{path} {state.st_ino} {state.st_mtime_ns}"
