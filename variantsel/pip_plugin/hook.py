"""The start-up hook: what Python runs as it starts where "pip" stands in its command line.

``activate`` writes the text of this file into ``variantsel.pth``. There it stands by itself: it
imports only what the interpreter has loaded already, and nothing of variantsel unless pip is the
program that runs. Whatever became of variantsel, Python starts as it would without the hook.
"""

import os
import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any

OFF = ("0", "false", "off", "no")
"""What ``VARIANTSEL`` is set to, in any case, to switch the plugin off."""

_STARTUP = "variantsel.pip_plugin.startup"

_RAN = "variantsel_hook_ran"
"""Set in :mod:`sys` by the first hook: Python reads the files of a virtual environment twice, and
there may be hooks in several folders."""


def start(command: "list[str]", lender: "dict[str, Any] | None" = None) -> None:
    """Watch for pip when it is the program that runs and ``VARIANTSEL`` does not switch it off.

    :param command: :data:`sys.orig_argv`.
    :param lender: where variantsel is, if not in this environment (``lending``).
    """
    if _RAN in sys.__dict__ or not runs_pip(command) or is_switched_off():
        return
    setattr(sys, _RAN, True)
    try:
        if lender is not None:
            if not os.path.exists(lender["lending"]):  # noqa: PTH110  pathlib is not loaded
                return  # whoever lent it is gone
            with open(lender["lending"], encoding="utf-8") as file:
                lending: dict[str, Any] = {"__name__": "variantsel-lending"}
                exec(file.read(), lending)
            lending["borrow"](lender)
        # By its name: this text runs where it was written to, and that module may not be there.
        __import__(_STARTUP)
        sys.modules[_STARTUP].watch_for_pip()
    except Exception as error:
        name = getattr(error, "name", None)
        package = sys.modules.get("variantsel")
        is_there = package is not None and getattr(package, "__file__", None) is not None
        if name is not None and f"{_STARTUP}.".startswith(f"{name}.") and not is_there:
            return  # variantsel is gone
        tell_damage(error)


def tell_damage(problem: "BaseException | str") -> None:
    """Say in one line that variantsel cannot be used as it is installed, and what repairs it."""
    if sys.stderr is not None:
        file = getattr(problem, "filename", None) or getattr(problem, "path", None)
        named = f"{problem} ({file})" if file and file not in str(problem) else str(problem)
        sys.stderr.write(
            "WARNING: variantsel is damaged: "
            + ascii(named)[1:-1]
            + ". It stands aside: variant wheels are not considered. 'pip install "
            "--force-reinstall variantsel', or from where you have it, repairs it; 'pip uninstall "
            "variantsel' ends this.\n"
        )


def is_switched_off() -> bool:
    """Whether the variable ``VARIANTSEL`` switches the plugin off."""
    return os.environ.get("VARIANTSEL", "").strip().lower() in OFF


def runs_pip(command: "list[str]") -> bool:
    """Tell from the interpreter's command line whether it runs pip.

    :param command: :data:`sys.orig_argv`: the interpreter, its options, what it runs.

    >>> runs_pip(["python3", "-Im", "pip", "install", "torch"])
    True
    >>> runs_pip(["python3", "/venv/bin/pip3.12", "list"])
    True
    >>> runs_pip(["python3", "manage.py", "pip"])
    False
    """
    arguments = iter(command[1:])
    for argument in arguments:
        if argument == "-" or not argument.startswith("-"):
            return _is_pip_script(argument)
        if argument.startswith("--"):
            if argument == "--check-hash-based-pycs":
                next(arguments, None)
            continue
        for position, letter in enumerate(argument[1:], start=2):
            value = argument[position:]
            if letter == "m":
                return (value or next(arguments, "")) == "pip"
            if letter == "c":
                return False
            if letter in "WX":
                if not value:
                    next(arguments, None)
                break
    return False


def _is_pip_script(path: str) -> bool:
    parts = path.replace("\\", "/").rstrip("/").split("/")
    if parts[-1] in ("__main__.py", "__pip-runner__.py"):
        return parts[-2:-1] == ["pip"]
    name = parts[-1].lower()
    for ending in (".exe", ".pyz", "-script.py", ".py"):
        name = name.removesuffix(ending)
    version = name[3:]
    return name.startswith("pip") and (not version or version.replace(".", "").isdecimal())
