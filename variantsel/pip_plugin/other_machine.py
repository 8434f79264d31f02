"""``variantsel pip --target MACHINE install --into DIR …``: filling a folder for another machine.

pip has options for another platform. All of them are given here, from what the target says, and
``other_machine_seam`` sees to what pip takes from the interpreter it runs in all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from variantsel.errors import VariantselError
from variantsel.pip_plugin.voice import say_early
from variantsel.targets.target import Target

__all__ = ["asks_for_other_machine", "pip_arguments", "run_for_other"]

_SAID_BY_TARGET = ("--platform", "--abi", "--implementation")
_COMMANDS = ("install", "download")


@dataclass(frozen=True)
class _Request:
    """A command line, taken apart.

    :ivar target: the text behind ``--target`` before pip's command; empty for the configured one.
    :ivar into: the folder behind ``--into``.
    :ivar python_version: what is behind ``--python-version``.
    :ivar command: pip's command.
    :ivar rest: everything else, in order, without the command.
    """

    target: str = ""
    into: str = ""
    python_version: str = ""
    command: str = ""
    rest: tuple[str, ...] = ()


def asks_for_other_machine(arguments: list[str]) -> bool:
    """Whether ``--target`` stands before pip's command, where pip has no such option, or ``--into``
    anywhere, which pip does not have."""
    request = _parse(arguments)
    return bool(request.target or request.into)


def run_for_other(arguments: list[str], run_pip: Callable[[list[str]], int]) -> int:
    """Run pip for another machine.

    :param arguments: what the user wrote behind ``variantsel pip``.
    :returns: pip's exit status.
    :raises VariantselError: when what is asked for cannot be had for another machine.
    """
    import pip

    from variantsel.configuration import load_configuration
    from variantsel.pip_plugin import other_machine_seam
    from variantsel.pip_plugin.attach import is_supported_pip

    if not is_supported_pip(pip.__version__):
        raise VariantselError(
            f"variantsel does not know pip {pip.__version__}, and cannot have it install for "
            "another machine; a newer variantsel, or an older pip, works"
        )
    request = _parse(arguments)
    if request.target:
        target = Target.resolve(request.target)
        os.environ["VARIANTSEL_TARGET"] = request.target
    else:
        target = load_configuration().target
    if request.python_version:
        target = target.with_python(_checked_version(request.python_version))
    translated = pip_arguments(arguments, target)
    sources = other_machine_seam.change_when_imported(target)
    status = run_pip(translated)
    if status:
        for line in sources.refused():
            say_early(f"ERROR: variantsel: {line}")
    return status


def pip_arguments(arguments: list[str], target: Target) -> list[str]:
    """The arguments that have pip install for a target.

    :param arguments: what the user wrote behind ``variantsel pip``.
    :param target: the machine, with the Python that was asked for.
    :raises VariantselError: when an option does not go with a target.
    """
    request = _parse(arguments)
    _check(request, target)
    major, minor = target.environment["python_version"].split(".")
    for_machine = [word for tag in target.platforms for word in ("--platform", tag)]
    for_machine += ["--python-version", request.python_version or f"{major}.{minor}"]
    for_machine += ["--implementation", "cp", "--abi", f"cp{major}{minor}"]
    for_machine += ["--only-binary", ":all:"]
    if request.command == "install":
        # Byte code would be this Python's.
        for_machine.append("--no-compile")
        if request.into:
            for_machine += ["--target", request.into]
    return [request.command, *for_machine, *request.rest]


def _check(request: _Request, target: Target) -> None:
    if request.command not in _COMMANDS:
        raise VariantselError(
            f"'variantsel pip --target' is for pip {' and pip '.join(_COMMANDS)}, found "
            f"{request.command!r:.100}; every other command of pip's is about the machine it runs "
            "on"
        )
    for word in request.rest:
        option = word.partition("=")[0]
        if option in _SAID_BY_TARGET:
            raise VariantselError(f"{option} is what {target.name} says; leave it out")
        if option in ("--target", "-t"):
            raise VariantselError(f"{option}: the folder to fill is named by --into DIR")
        if option in ("--no-binary", "--editable", "-e"):
            raise VariantselError(
                f"{option}: what is built here is for this machine, not for {target.name}; build "
                "a wheel on such a machine, and pass its folder with --find-links"
            )
    if request.command == "install" and not request.into and "--dry-run" not in request.rest:
        raise VariantselError(
            f"this environment is not {target.name}'s: name the folder to fill, --into DIR"
        )
    if request.command != "install" and request.into:
        raise VariantselError(f"--into is for install; pip {request.command} has --dest DIR")
    if target.environment["implementation_name"] != "cpython":
        raise VariantselError(
            f"{target.name}: found implementation_name "
            f"{target.environment['implementation_name']!r}, expected 'cpython'"
        )
    if not re.fullmatch(r"\d+\.\d+", target.environment["python_version"]):
        raise VariantselError(
            f"{target.name}: found python_version {target.environment['python_version']!r}, "
            "expected MAJOR.MINOR"
        )


def _checked_version(text: str) -> str:
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", text, re.ASCII):
        raise VariantselError(
            f"--python-version: found {text!r:.100}, expected MAJOR.MINOR such as 3.12"
        )
    return text


def _parse(arguments: list[str]) -> _Request:
    """Take our options out of the arguments; pip's are left as they are."""
    own: dict[str, str] = {}
    command = ""
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        option, equals, value = word.partition("=")
        if (
            (option == "--target" and not command)
            or option == "--into"
            or (option == "--python-version" and command)
        ):
            own[option] = value if equals else next(words, "")
            if not own[option]:
                raise VariantselError(f"{option} expects a value")
        elif option == "--only-binary":
            if not equals:  # said of every package anyway
                next(words, "")
        elif not command and not word.startswith("-"):
            command = word
        else:
            rest.append(word)
    return _Request(
        own.get("--target", ""),
        own.get("--into", ""),
        own.get("--python-version", ""),
        command,
        tuple(rest),
    )
