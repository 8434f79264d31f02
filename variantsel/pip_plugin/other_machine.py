"""``variantsel pip --target MACHINE install --into DIR …``: filling a folder for another machine.

What is ours stands in ``OWN_OPTIONS``; ``--target`` is ours before pip's command, and pip's behind
it.

pip has options for another platform. All of them are given here, from what the target says, and
``other_machine_seam`` sees to what pip takes from the interpreter it runs in all the same.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from variantsel.errors import VariantselError
from variantsel.pip_plugin.voice import say_early
from variantsel.targets.target import Target

__all__ = [
    "OWN_OPTIONS",
    "asks_for_other_machine",
    "asks_for_our_help",
    "image_platform",
    "pip_arguments",
    "run_for_other",
]

OWN_OPTIONS = ("--target", "--into", "--glibc", "--musl")
"""What ``variantsel pip`` takes itself; with any of them, ``--python-version``, too."""

_SAID_BY_TARGET = ("--platform", "--abi", "--implementation")
_COMMANDS = ("install", "download")


@dataclass(frozen=True)
class _Request:
    """A command line, taken apart.

    :ivar target: the text behind ``--target`` before pip's command; empty for the configured one.
    :ivar into: the folder behind ``--into``.
    :ivar glibc: the version behind ``--glibc``; likewise ``musl``.
    :ivar python_version: what is behind ``--python-version``.
    :ivar command: pip's command.
    :ivar rest: everything else, in order, without the command.
    """

    target: str = ""
    into: str = ""
    glibc: str = ""
    musl: str = ""
    python_version: str = ""
    command: str = ""
    rest: tuple[str, ...] = ()


def asks_for_other_machine(arguments: list[str]) -> bool:
    """Whether ``--target`` stands before pip's command, where pip has no such option, or anywhere
    an option of ours that pip does not have.

    :raises VariantselError: when a machine is named behind pip's command, where ``--target`` is
        pip's own and names a folder.
    """
    request = _parse(arguments)
    if not request.target:
        _refuse_machine_as_folder(arguments, request)
    return bool(request.target or request.into or request.glibc or request.musl)


def asks_for_our_help(arguments: list[str]) -> bool:
    """Whether help is asked for where pip's own would not tell of our options: of no command of
    pip's, or of one for another machine."""
    options = {word.partition("=")[0] for word in arguments}
    if not options & {"--help", "-h"}:
        return not arguments
    position = next((at for at, word in enumerate(arguments) if not word.startswith("-")), None)
    if position is None or options & set(OWN_OPTIONS[1:]):
        return True
    return any(word.partition("=")[0] == "--target" for word in arguments[:position])


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
        if target.is_host:
            raise VariantselError(_no_machine(arguments, request))
    if request.python_version:
        target = target.with_python(_checked_version(request.python_version))
    if request.glibc or request.musl:
        target = target.with_platforms([image_platform(target, request.glibc, request.musl)])
    translated = pip_arguments(arguments, target)
    sources = other_machine_seam.change_when_imported(target, fills_layer=bool(request.into))
    status = run_pip(translated)
    for line in sources.newer():
        say_early(f"WARNING: variantsel: {line}")
    if status:
        for line in sources.refused():
            say_early(f"ERROR: variantsel: {line}")
    return status


def image_platform(target: Target, glibc: str, musl: str) -> str:
    """The platform tag of an image on a machine.

    :param glibc: the version of the image's glibc, or else
    :param musl: that of its musl.
    :raises VariantselError: when these are no such versions, or the machine has another system.
    """
    if glibc and musl:
        raise VariantselError("--glibc and --musl: an image has one of them")
    system = target.environment["sys_platform"]
    option = "--glibc" if glibc else "--musl"
    if system != "linux":
        raise VariantselError(f"{option} is for Linux, and {target.name} is {system}")
    pattern, example = (r"2\.\d{1,3}", "2.36") if glibc else (r"1\.\d{1,3}", "1.2")
    if not re.fullmatch(pattern, glibc or musl, re.ASCII):
        raise VariantselError(
            f"{option}: found {glibc or musl!r:.100}, expected MAJOR.MINOR such as {example}"
        )
    family = "manylinux" if glibc else "musllinux"
    version = (glibc or musl).replace(".", "_")
    return f"{family}_{version}_{target.environment['platform_machine']}"


def _refuse_machine_as_folder(arguments: list[str], request: _Request) -> None:
    """Refuse a machine's name where pip expects a folder's.

    :raises VariantselError: with the same words in the right order.
    """
    folder, others = _pips_target(arguments)
    if not request.command or not _names_machine(folder):
        return
    right = _in_order(["--target", folder, *others], request)
    raise VariantselError(
        f"behind pip's command --target names a folder, and {folder} is a machine: '{right}'. "
        f"To fill a folder of that name here, write --target ./{folder}"
    )


def _no_machine(arguments: list[str], request: _Request) -> str:
    option = next(word for word in arguments if word.partition("=")[0] in OWN_OPTIONS)
    right = _in_order(["--target", "MACHINE", *arguments], request)
    return (
        f"{option.partition('=')[0]} is for the machine that --target names, before pip's "
        f"command, and none is named or configured: '{right}' ('variantsel target list' has the "
        "names, 'host' is this machine)"
    )


def _in_order(words: list[str], request: _Request) -> str:
    if request.command == "install" and not request.into:
        words = [*words, "--into", "DIR"]
    return shlex.join(["variantsel", "pip", *words])


def _pips_target(arguments: list[str]) -> tuple[str, list[str]]:
    """The value of pip's own ``--target``, and the other words."""
    for position, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if option in ("--target", "-t") and not equals:
            value = "".join(arguments[position + 1 : position + 2])
            return value, arguments[:position] + arguments[position + 2 :]
        if option == "--target" or (word.startswith("-t") and not equals):
            value = value if equals else word.removeprefix("-t")
            return value, arguments[:position] + arguments[position + 1 :]
    return "", arguments


def _names_machine(text: str) -> bool:
    """Whether a word is one that a target is named by; any path with a separator is a folder's, but
    for a target file's."""
    from variantsel.errors import InvalidTarget
    from variantsel.targets.machines import find_machine

    if text == "host" or text.endswith(".toml"):
        return True
    if not text or "/" in text or "\\" in text:
        return False
    try:
        find_machine(text.partition("@")[0])
    except InvalidTarget:
        return False
    return True


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
            or option in OWN_OPTIONS[1:]
            or (option == "--python-version" and command)
        ):
            if option in own and option in OWN_OPTIONS:
                raise VariantselError(f"{option} is given twice: there is one machine in a run")
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
        own.get("--glibc", ""),
        own.get("--musl", ""),
        own.get("--python-version", ""),
        command,
        tuple(rest),
    )
