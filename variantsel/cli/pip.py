"""``variantsel pip``: pip with the plugin, for one command.

What follows is pip's, so argparse never parses it; it lays out the help.
"""

from __future__ import annotations

from typing import Any

from variantsel.cli.arguments import Parser, examples, section
from variantsel.cli.exit_codes import DONE

__all__ = ["add_command", "run"]

_SUMMARY = (
    "run pip with variants for one command, all that follows being pip's; with --target MACHINE "
    "before pip's command and --into DIR, for a machine that this one is not"
)


def add_command(commands: Any) -> None:
    """Add the command to the program's parser, for its help."""
    commands.add_parser("pip", add_help=False, help=_SUMMARY)


def run(arguments: list[str]) -> int:
    """Run pip, or say how.

    :param arguments: what stands behind ``variantsel pip``.
    :returns: the exit code.
    """
    from variantsel.pip_plugin.other_machine import asks_for_our_help
    from variantsel.pip_plugin.runner import main as run_pip

    if not asks_for_our_help(arguments):
        return run_pip(arguments)
    _help_parser().print_help()
    return DONE


def _help_parser() -> Parser:
    parser = Parser(
        prog="variantsel pip",
        add_help=False,
        usage="variantsel pip COMMAND [pip's options]\n"
        "       variantsel pip --target MACHINE install --into DIR [OPTIONS] [pip's options]\n"
        "       variantsel pip --target MACHINE download [OPTIONS] [pip's options]",
        description="Run pip with variants for one command, nothing activated. With --target "
        "before pip's command, wheels are chosen for that machine, and nothing is asked of this "
        "one.",
        epilog=section(
            "pip's own options",
            ("variantsel pip help", "variantsel pip help install         # of one command"),
        )
        + "\n\n"
        + examples(
            "variantsel pip install torch",
            "variantsel pip --target gh200 install --python-version 3.12 torch --into layer",
            "variantsel pip --target h100 install --glibc 2.36 torch --into layer",
            "variantsel pip --target node.toml download --dest wheels torch",
        ),
    )
    options = parser.add_argument_group("options")
    options.add_argument(
        "--target",
        metavar="MACHINE",
        help="before pip's command: the machine, by a name ('variantsel target list'), a cloud's "
        "instance type or a target file; behind it, --target is pip's own and names a folder",
    )
    options.add_argument(
        "--into",
        metavar="DIR",
        help="the folder to fill for that machine; what is there of the same packages is replaced",
    )
    options.add_argument(
        "--python-version",
        metavar="VERSION",
        help="its Python, such as 3.12; default: what a target file says, or this Python's",
    )
    options.add_argument(
        "--glibc",
        metavar="VERSION",
        help="the glibc of the image or system that runs there, such as 2.36 ('ldd --version' "
        "tells); default: the oldest that such machines have",
    )
    options.add_argument(
        "--musl",
        metavar="VERSION",
        help="its musl, such as 1.2, in place of a glibc: Alpine's images",
    )
    return parser
