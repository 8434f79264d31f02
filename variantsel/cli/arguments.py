"""What the commands' arguments have in common, and how help is laid out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from variantsel.cli.exit_codes import FAILED
from variantsel.cli.output import print_error, print_progress
from variantsel.terminal import printable, wrapped

if TYPE_CHECKING:
    from variantsel.targets.target import Target

__all__ = [
    "Parser",
    "add_format",
    "add_target",
    "examples",
    "namespace",
    "resolve_target",
    "section",
]


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of a text as they are, but for those that are longer than the terminal."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (piece for line in text.splitlines() for piece in wrapped(line, width))
        return "\n".join(f"{indent}{line}" for line in lines)


class Parser(argparse.ArgumentParser):
    """A parser whose usage errors take one line, like any other error."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        print_error(f"{message} ('{self.prog} --help' tells more)")
        raise SystemExit(FAILED)


def resolve_target(text: str | None) -> Target:
    """The machine that ``--target`` names, or else the configured one.

    What it takes to ask this machine is said on standard error.
    """
    print_progress()
    if text is not None:
        from variantsel.targets.target import Target

        if text != "host":
            return Target.resolve(text)
    from variantsel.configuration import load_configuration

    configuration = load_configuration()
    if text is None:
        return configuration.target
    return Target.host(trusted=configuration.trusted).without(configuration.disabled)


def namespace(text: str) -> str:
    """The type of an argument that names a namespace."""
    from variantsel.formats.properties import NAMESPACE_PATTERN

    if not NAMESPACE_PATTERN.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{printable(text)!r} is not a namespace; expected a name like 'nvidia'"
        )
    return text


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add ``--target``."""
    parser.add_argument(
        "--target",
        action=_Once,
        metavar="NAME|FILE",
        help="the machine: 'host' for this one, a name such as gh200 or gh200@12.8 (the driver's "
        "version), a cloud's instance type such as aws:p5.48xlarge ('variantsel target list' lists "
        "both), or a target file ending in .toml; "
        "default: what is configured ('variantsel config' shows it), or this machine",
    )


class _Once(argparse.Action):
    """Keeps the value of an option that may be given once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        if before is not None:
            parser.error(
                f"{option_string} is given twice, {printable(before)} and {printable(values)}: "
                "there is one machine in a run"
            )
        setattr(namespace, self.dest, values)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="default: table"
    )


def examples(*commands: str) -> str:
    """The examples that end a command's help."""
    return section("examples", commands)


def section(title: str, lines: Iterable[str]) -> str:
    """A titled, indented part of a help text."""
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)])
