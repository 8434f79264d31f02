"""``variantsel completion``: what a shell needs to complete this program's commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from variantsel.cli.arguments import examples
from variantsel.cli.exit_codes import DONE
from variantsel.errors import VariantselError

__all__ = ["add_command"]

_SHELLS = ("bash", "zsh", "tcsh")


def add_command(commands: Any, parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Add the command to the program's parser.

    :param parser: makes the program's whole parser.
    """
    command = commands.add_parser(
        "completion",
        help="print what a shell needs to complete commands and options",
        description="Print a script for a shell that completes the commands and options of "
        "variantsel. It takes the package shtab (pip install shtab).",
        epilog=examples(
            'eval "$(variantsel completion bash)"            # in ~/.bashrc',
            "variantsel completion zsh > ~/.zfunc/_variantsel   # a folder of fpath",
        ),
    )
    command.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))
    command.set_defaults(run=lambda arguments: _completion(arguments.shell, parser()))


def _completion(shell: str, parser: argparse.ArgumentParser) -> int:
    try:
        import shtab
    except ImportError:
        raise VariantselError(
            "completion takes the package shtab: pip install shtab, or variantsel[completion]"
        ) from None
    print(shtab.complete(parser, shell=shell))
    return DONE
