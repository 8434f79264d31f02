"""The start-up hook of an environment: putting it there, taking it away, looking.

``variantsel.pth`` is a line that every CPython up to 3.17 runs as it starts: ``hook``, where "pip"
stands in the command line. It is listed in the RECORD of the variantsel beside it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variantsel.errors import VariantselError
from variantsel.pip_plugin import site_probe
from variantsel.pip_plugin.record import add_to_record, remove_from_record, write_whole
from variantsel.python_process import run_python

__all__ = ["ActivationStatus", "activate", "deactivate", "hook_text", "other_python", "status"]

OLDEST_PYTHON = (3, 10)

_OLD_HOOK = "variantsel.start"
"""Written beside the hook by variantsel before 0.2.0, for CPython 3.15 and newer (PEP 829)."""


@dataclass(frozen=True)
class ActivationStatus:
    """Whether pip runs with the plugin in an environment.

    :ivar prefix: the environment.
    :ivar active: whether a pip that is started there now takes variants.
    :ivar why_not: what keeps it from it, and what helps, in words; empty where it is active.
    :ivar files: the hooks that this Python runs, those of other folders on its path included.
    :ivar lent_by: the Python that variantsel is lent by; ``None`` where it is installed there.
    :ivar pip_version: the environment's pip; ``None`` where it has none.
    :ivar pip_supported: whether the plugin knows that pip.
    :ivar python: the version of Python.
    """

    prefix: str
    active: bool
    why_not: str
    files: tuple[Path, ...]
    lent_by: str | None
    pip_version: str | None
    pip_supported: bool
    python: str


def activate(python: str | None = None, *, user: bool = False) -> list[Path]:
    """Install the hook into an environment.

    :param python: another environment's Python; ``None`` for the one that runs. Where variantsel
        is not installed there, this one is lent to it.
    :param user: into the folder of the user's own packages.
    :returns: the files that are now there.
    :raises VariantselError: when that Python is too old, or the environment cannot be written to.
    """
    found = _probe(python)
    if not is_supported_python(found):
        raise VariantselError(
            f"{found['executable']} is {found['implementation']} {found['python']}; variantsel "
            "works with CPython 3.10 and newer"
        )
    path = _hook_path(found, user)
    lender = None
    if not found["has_variantsel"]:
        from variantsel.pip_plugin.lending import describe_lender

        lender = describe_lender()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / _OLD_HOOK).unlink(missing_ok=True)
        write_whole(path, hook_text(lender).encode("ascii"))
        add_to_record(path)
    except OSError as error:
        _remove(path)
        remedy = "" if user else ", or give --user for your own packages"
        raise VariantselError(
            f"{error.filename}: {error.strerror}; activate a virtual environment, or one that you "
            f"may write to{remedy}"
        ) from None
    return [path]


def deactivate(python: str | None = None, *, user: bool = False) -> list[Path]:
    """Remove the hook from an environment.

    :param python: another environment's Python; ``None`` for the one that runs.
    :param user: from the folder of the user's own packages.
    :returns: the files that were removed.
    :raises VariantselError: when one cannot be removed.
    """
    found = _probe(python)
    folders = [found["user_folder"]] if user else found["own_folders"]
    removed = []
    for folder in dict.fromkeys(map(Path, folders)):
        for path in (folder / site_probe.HOOK, folder / _OLD_HOOK):
            try:
                if path.exists():
                    path.unlink()
                    remove_from_record(path)
                    removed.append(path)
            except OSError as error:
                raise VariantselError(f"{path}: {error.strerror}") from None
    return removed


def status(python: str | None = None) -> ActivationStatus:
    """Tell whether pip runs with the plugin in an environment.

    :param python: another environment's Python; ``None`` for the one that runs.
    :raises VariantselError: when that Python cannot be asked.
    """
    from variantsel.pip_plugin.attach import is_supported_pip

    found = _probe(python)
    is_supported = found["pip"] is not None and is_supported_pip(found["pip"])
    why_not = _why_not_active(found, is_supported, python)
    return ActivationStatus(
        prefix=found["prefix"],
        active=not why_not,
        why_not=why_not,
        files=tuple(map(Path, found["hooks"])),
        lent_by=found["lent_by"],
        pip_version=found["pip"],
        pip_supported=is_supported,
        python=found["python"],
    )


def other_python(place: str) -> str:
    """The interpreter that somebody means: its own path, or that of a virtual environment.

    :raises VariantselError: when there is none.
    """
    if Path(place).is_dir():
        for name in ("bin/python", "Scripts/python.exe"):
            if (Path(place) / name).exists():
                return str(Path(place) / name)
    elif Path(place).exists():
        return place
    raise VariantselError(f"{place}: there is no Python")


def hook_text(lender: dict[str, Any] | None = None) -> str:
    """What ``variantsel.pth`` holds, all of it ASCII.

    :param lender: where variantsel is, if not in that environment (``lending``).
    """
    spec = importlib.util.find_spec("variantsel.pip_plugin.hook")
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    first = f"{site_probe.LENT_BY}{ascii(sys.executable)[1:-1]}\n" if lender is not None else ""
    code = f"{source}\nstart(sys.orig_argv, {lender!r})\n"
    # One line, since that is what a .pth file holds. All that it does where the command line does
    # not speak of pip is to look.
    return (
        f"{first}import sys; 'pip' in ' '.join(sys.orig_argv[1:]).lower() and "
        f"exec({code!a}, {{'__name__': 'variantsel-hook'}})\n"
    )


def is_supported_python(found: dict[str, Any]) -> bool:
    """Whether variantsel runs in a Python that was probed."""
    version = tuple(int(re.sub(r"\D.*", "", part)) for part in found["python"].split(".")[:2])
    return found["implementation"] == "CPython" and version >= OLDEST_PYTHON


def _hook_path(found: dict[str, Any], user: bool) -> Path:
    """Beside variantsel, so that both go together, if it is where this Python installs."""
    if user:
        return Path(found["user_folder"]) / site_probe.HOOK
    folders = [Path(folder) for folder in found["own_folders"]]
    for folder in folders:
        if list(folder.glob("variantsel-*.dist-info")):
            return folder / site_probe.HOOK
    return folders[0] / site_probe.HOOK


def _remove(path: Path) -> None:
    """Undo what could not be finished."""
    try:
        path.unlink(missing_ok=True)
        remove_from_record(path)
    except OSError:
        return  # the reason is told already


def _probe(python: str | None) -> dict[str, Any]:
    """Ask the Python that runs, or another."""
    if python is None:
        return site_probe.probe()
    return probe_other(python)


def probe_other(python: str) -> dict[str, Any]:
    """Ask another Python what ``site_probe`` asks.

    :raises VariantselError: when it does not answer.
    """
    spec = importlib.util.find_spec("variantsel.pip_plugin.site_probe")
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    try:
        asked = run_python(["-c", source], python=python, time_limit=30, check=True)
        answer: dict[str, Any] = json.loads(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace")
        last = (said or str(error)).strip().rpartition("\n")[2]
        raise VariantselError(f"{python} cannot be asked about itself: {last}") from None
    return answer


def _why_not_active(found: dict[str, Any], is_supported: bool, python: str | None) -> str:
    from variantsel.pip_plugin.attach import pip_advice
    from variantsel.pip_plugin.hook import is_switched_off

    option = f" --python {python}" if python is not None else ""
    if found["pip"] is None:
        return (
            "there is no pip in this environment, and uv does not take variants: 'variantsel pip "
            f"--python {found['prefix']} install ...' does, or install pip"
        )
    if _is_shared_by_pipx(Path(found["prefix"])):
        return (
            "applications of pipx take pip from here, but Python runs no hook of this folder for "
            "them; activate the environment of each: 'variantsel activate --python "
            f"{Path(found['prefix']).parent / 'venvs' / 'NAME'}'"
        )
    if not found["hooks"]:
        return f"'variantsel activate{option}' makes it active"
    if found["lent_by"] is not None and not Path(found["lent_by"]).exists():
        return f"variantsel was lent by {found['lent_by']}, which is gone; activate it again"
    if found["lent_by"] is None and not found["has_variantsel"]:
        return "its hook is there, but variantsel is not installed; install it, or deactivate"
    if not is_supported:
        return f"it stands aside, since it does not know pip {found['pip']}. " + pip_advice(
            found["pip"], found["executable"]
        )
    if is_switched_off():
        return f"VARIANTSEL={os.environ['VARIANTSEL']} is set, which switches it off"
    return ""


def _is_shared_by_pipx(prefix: Path) -> bool:
    return prefix.name == "shared" and (prefix.parent / "venvs").is_dir()
