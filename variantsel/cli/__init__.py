"""The command line: ``variantsel``, or ``python -m variantsel``.

Only a front end, one module a command: each translates its arguments into one call of the library
and prints the answer. The library is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from variantsel.cli import (
    activation,
    bridge,
    completion,
    config,
    demo,
    detect,
    pip,
    provider,
    rank,
    target,
    trust,
)
from variantsel.cli import list as list_
from variantsel.cli.arguments import Parser, examples, section
from variantsel.cli.exit_codes import BROKEN_PIPE, DONE, FAILED, INTERRUPTED, NEGATIVE, UNUSED
from variantsel.cli.output import print_error
from variantsel.errors import VariantselError

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    :param argv: the arguments without the program's name; ``sys.argv`` where ``None``.
    :returns: the exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    _prepare_output()
    try:
        # Not argparse's business: what follows is pip's, options too.
        code = pip.run(arguments[1:]) if arguments[:1] == ["pip"] else _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _discard_unwritable_output()
        return BROKEN_PIPE
    except OSError as error:
        _discard_unwritable_output()
        print_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return FAILED
    except VariantselError as error:
        print_error(str(error))
        return FAILED
    return code


def _run(arguments: list[str]) -> int:
    parser = _parser()
    try:
        parsed = parser.parse_args(arguments)
    except SystemExit as exit_:  # --help, --version, bad usage
        sys.stdout.flush()
        return int(exit_.code or DONE)
    if parsed.command is None:
        parser.print_help(sys.stderr)
        return FAILED
    run: Callable[[argparse.Namespace], int] = parsed.run
    return run(parsed)


def _prepare_output() -> None:
    """A closed stream, or one that cannot show every character, is no reason to fail."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_unwritable_output() -> None:
    """Keep Python from trying again to write the rest of the output as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="variantsel",
        description="Choose the wheel variant that fits a machine (PEP 825).",
        epilog=examples(
            "variantsel activate                 # from now on pip takes variants",
            "variantsel pip install torch        # the same, for one command",
            "variantsel detect                   # what this machine supports",
            "variantsel rank torch-2.10.0-variants.json --target gh200",
            "variantsel config                   # what is set, and where",
            "variantsel bridge enable torch      # today's builds, chosen like variants",
            "variantsel pip --target gh200 install --python-version 3.12 torch --into layer",
        )
        + "\n\n"
        + section(
            "exit codes",
            (
                f"{DONE}    done",
                f"{NEGATIVE}    done, and the answer is no: nothing fits, or no longer,",
                "     not active, machines differ, not agreed to, a check failed",
                f"{FAILED}    bad usage or input, or it could not be done",
                f"{UNUSED}    what is installed fits, and leaves an accelerator unused",
                f"{INTERRUPTED}  interrupted",
                f"{BROKEN_PIPE}  the reader of the output went away",
                "'variantsel pip' ends with pip's own",
            ),
        ),
    )
    parser.add_argument(
        "-V",
        "--version",
        action=_VersionAction,
        nargs=0,
        help="print the version and whether the native matcher runs",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    detect.add_command(commands)
    rank.add_command(commands)
    list_.add_command(commands)
    target.add_command(commands)
    config.add_command(commands)
    activation.add_commands(commands)
    bridge.add_command(commands)
    trust.add_commands(commands)
    provider.add_command(commands)
    demo.add_command(commands)
    completion.add_command(commands, _parser)
    pip.add_command(commands)
    return parser


class _VersionAction(argparse.Action):
    """Prints the version and which matcher runs."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        from variantsel import __version__
        from variantsel.ranking.matching import is_native

        matcher = "native matcher" if is_native else "no native matcher: pure Python"
        print(f"variantsel {__version__} ({matcher})")
        raise SystemExit(DONE)
