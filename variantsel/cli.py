"""The command line: ``variantsel``, or ``python -m variantsel``.

Only a front end: each command translates its arguments into one call of the library and prints
the answer. The library is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from variantsel.errors import InvalidMetadata, VariantselError
from variantsel.terminal import Terminal, printable

if TYPE_CHECKING:
    from variantsel.metadata import VariantMetadata
    from variantsel.ranking import Ranking
    from variantsel.target import Target

__all__ = ["main"]

DONE = 0
NEGATIVE = 1
FAILED = 2
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    :param argv: the arguments without the program's name; ``sys.argv`` where ``None``.
    :returns: the exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    _prepare_output()
    try:
        # Not argparse's business: what follows is pip's, options too.
        code = _pip(arguments[1:]) if arguments[:1] == ["pip"] else _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _discard_unwritable_output()
        return BROKEN_PIPE
    except OSError as error:
        _discard_unwritable_output()
        _print_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return FAILED
    except VariantselError as error:
        _print_error(str(error))
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


def _print_error(text: str) -> None:
    Terminal(sys.stderr).line(f"error: {text}", "bad")


def _discard_unwritable_output() -> None:
    """Keep Python from trying again to write the rest of the output as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Commands


def _detect(arguments: argparse.Namespace) -> int:
    target = _target(arguments.target)
    properties = target.all_properties()
    if arguments.format == "json":
        _print_json(properties)
    else:
        _print_properties(target, properties)
    _print_notices(target)
    return DONE


def _rank(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration
    from variantsel.ranking import rank

    metadata = _read_metadata(arguments.file)
    target = _target(arguments.target)
    enabled = load_configuration().enabled.union(arguments.enable)
    ranking = rank(metadata, target, enabled=enabled)
    if arguments.format == "json":
        rejected = {label: str(reason) for label, reason in ranking.rejected.items()}
        _print_json({"labels": ranking.labels, "rejected": rejected})
    else:
        _print_ranking(target, ranking)
    _print_notices(target)
    return DONE if ranking.labels else NEGATIVE


def _activate(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel import activation

    paths = activation.activate()
    terminal = Terminal(sys.stdout)
    terminal.line(f"variantsel is active in {sys.prefix}: pip now sees variant wheels.", "good")
    for path in paths:
        terminal.line(f"  added {path}")
    terminal.line("'variantsel deactivate' removes it; VARIANTSEL=0 switches it off for one run.")
    status = activation.status()
    if not status.pip_supported:
        _print_note(_pip_text(status.pip_version, status.pip_supported))
    return DONE


def _deactivate(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel import activation

    paths = activation.deactivate()
    terminal = Terminal(sys.stdout)
    if not paths:
        terminal.line(f"variantsel was not active in {sys.prefix}.")
        return DONE
    terminal.line(f"variantsel is no longer active in {sys.prefix}.", "good")
    for path in paths:
        terminal.line(f"  removed {path}")
    return DONE


def _status(arguments: argparse.Namespace) -> int:
    from variantsel import activation

    status = activation.status()
    files = [str(path) for path in status.files]
    if arguments.format == "json":
        _print_json(
            {
                "active": status.active,
                "files": files,
                "pip_version": status.pip_version,
                "pip_supported": status.pip_supported,
                "python": status.python,
            }
        )
    else:
        state = "active" if status.active else "not active"
        terminal = Terminal(sys.stdout)
        terminal.line(
            f"variantsel is {state} in {sys.prefix}.", "good" if status.active else "bold"
        )
        terminal.table(
            [
                ("pip", _pip_text(status.pip_version, status.pip_supported)),
                ("python", status.python),
                ("files", "\n".join(files) or "none; 'variantsel activate' adds them"),
            ],
            styles=("dim", ""),
        )
    return DONE if status.active else NEGATIVE


def _demo(arguments: argparse.Namespace) -> int:
    del arguments
    from variantsel.demo import main as run_demo

    return run_demo()


def _pip(arguments: list[str]) -> int:
    from variantsel.pip_plugin.runner import main as run_pip

    return run_pip(arguments)


def _pip_text(version: str | None, supported: bool) -> str:
    if version is None:
        return "there is no pip in this environment"
    if supported:
        return version
    return f"{version} is not a pip that variantsel knows: it stands aside there"


# Input


def _target(text: str | None) -> Target:
    if text is not None:
        from variantsel.target import Target

        return Target.resolve(text)
    from variantsel.configuration import load_configuration

    return load_configuration().target


def _read_metadata(file: str) -> VariantMetadata:
    from variantsel.json_reader import MAX_BYTES
    from variantsel.metadata import VariantMetadata

    if file.endswith(".whl"):
        return _read_wheel(Path(file))
    # One byte more than may be read, so that what is too large is told from what is broken.
    if file == "-":
        if sys.stdin is None:
            raise VariantselError("standard input is closed")
        return VariantMetadata.parse(sys.stdin.buffer.read(MAX_BYTES + 1), source="standard input")
    with open(file, "rb") as stream:
        return VariantMetadata.parse(stream.read(MAX_BYTES + 1), source=file)


def _read_wheel(path: Path) -> VariantMetadata:
    from variantsel.wheel_metadata import read_wheel_metadata
    from variantsel.wheel_name import WheelName

    label = WheelName.parse(path.name).label
    metadata = read_wheel_metadata(path)
    try:
        metadata.check_wheel(metadata, label)
    except InvalidMetadata as error:
        error.source = str(path)
        raise
    return metadata


# Output


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _print_note(text: str) -> None:
    Terminal(sys.stderr).line(f"note: {text}")


def _print_notices(target: Target) -> None:
    for notice in target.notices:
        _print_note(notice)


def _print_properties(target: Target, properties: dict[str, dict[str, tuple[str, ...]]]) -> None:
    terminal = Terminal(sys.stdout)
    terminal.line(f"Machine: {target.name}", "bold")
    rows = [
        (namespace, feature, _abbreviated(values))
        for namespace, features in properties.items()
        for feature, values in features.items()
    ]
    terminal.line()
    if rows:
        terminal.table(rows, ("good", "bold", ""), header=("NAMESPACE", "FEATURE", "VALUES"))
    else:
        terminal.line(
            "Nothing that variants are built for was found. That is fine: the null variant and "
            "ordinary wheels fit every machine. A target file can name what is missing."
        )


def _print_ranking(target: Target, ranking: Ranking) -> None:
    terminal = Terminal(sys.stdout)
    terminal.line(f"Machine: {target.name}", "bold")
    terminal.line()
    if ranking.labels:
        terminal.table(
            [
                (str(position), label, _supported(ranking, label))
                for position, label in enumerate(ranking.labels, start=1)
            ],
            styles=("dim", "good", ""),
            header=("", "VARIANT", "PROPERTIES SUPPORTED"),
        )
    else:
        terminal.line("No variant is compatible.", "bad")
    if ranking.rejected:
        terminal.line()
        terminal.table(
            [("-", label, str(reason)) for label, reason in ranking.rejected.items()],
            styles=("dim", "bad", ""),
            header=("", "REJECTED", "REASON"),
        )


def _supported(ranking: Ranking, label: str) -> str:
    features: dict[str, list[str]] = {}
    for found in ranking.supported_properties(label):
        features.setdefault(f"{found.namespace} :: {found.feature}", []).append(found.value)
    lines = [f"{feature} :: {_abbreviated(values)}" for feature, values in features.items()]
    return "\n".join(lines) or "(needs none)"


def _abbreviated(values: Sequence[str]) -> str:
    if len(values) <= 8:
        return ", ".join(values)
    return f"{', '.join(values[:4])}, …, {', '.join(values[-2:])} ({len(values)} values)"


# Arguments


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors take one line, like any other error.

    :ivar lists_machines: whether the help ends with the machines that are known by name.
    """

    def __init__(self, *, lists_machines: bool = False, **options: Any) -> None:
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options
        )
        self.lists_machines = lists_machines

    def error(self, message: str) -> NoReturn:
        _print_error(f"{message} ('{self.prog} --help' tells more)")
        raise SystemExit(FAILED)

    def format_help(self) -> str:
        text = super().format_help()
        if not self.lists_machines:
            return text
        from variantsel.machines import machine_descriptions

        machines = machine_descriptions()
        width = max(map(len, machines))
        lines = [f"{name:{width}}  {what}" for name, what in machines.items()]
        return f"{text}\n{_section('machines', lines)}\n"


class _VersionAction(argparse.Action):
    """Prints the version and which matcher runs."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        from variantsel import __version__
        from variantsel.matching import is_native

        matcher = "native matcher" if is_native else "no native matcher: pure Python"
        print(f"variantsel {__version__} ({matcher})")
        raise SystemExit(DONE)


def _namespace(text: str) -> str:
    from variantsel.properties import NAMESPACE_PATTERN

    if not NAMESPACE_PATTERN.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{printable(text)!r} is not a namespace; expected a name like 'nvidia'"
        )
    return text


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="variantsel",
        description="Choose the wheel variant that fits a machine (PEP 825).",
        epilog=_examples(
            "variantsel activate                 # from now on pip takes variants",
            "variantsel pip install torch        # the same, for one command",
            "variantsel detect                   # what this machine supports",
            "variantsel rank torch-2.10.0-variants.json --target gh200",
        )
        + "\n\n"
        + _section(
            "exit codes",
            (
                f"{DONE}    done",
                f"{NEGATIVE}    rank: no variant is compatible; status: not active",
                f"{FAILED}    bad usage or input, or it could not be done",
                f"{INTERRUPTED}  interrupted",
                f"{BROKEN_PIPE}  the reader of the output went away",
                "'variantsel pip' ends with pip's own",
            ),
        ),
    )
    parser.add_argument(
        "--version",
        action=_VersionAction,
        nargs=0,
        help="print the version and whether the native matcher runs",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_detect(commands)
    _add_rank(commands)
    _add_activation(commands)
    _add_demo(commands)
    commands.add_parser(
        "pip",
        add_help=False,  # never parsed here: the arguments are pip's
        help="run pip with variants for one command; all that follows is pip's",
    )
    return parser


def _add_detect(commands: Any) -> None:
    parser = commands.add_parser(
        "detect",
        lists_machines=True,
        help="show what this machine, or another, supports",
        description="Show the variant properties that a machine supports, best first.",
        epilog=_examples(
            "variantsel detect",
            "variantsel detect --target gh200@12.8",
            "variantsel detect --target machine.toml --format json",
        ),
    )
    _add_target(parser)
    _add_format(parser)
    parser.set_defaults(run=_detect)


def _add_rank(commands: Any) -> None:
    parser = commands.add_parser(
        "rank",
        help="order the variants of a release for a machine",
        description="Order the variants of a release, best first, and say why others do not fit.",
        epilog=_examples(
            "variantsel rank torch-2.10.0-variants.json",
            "variantsel rank torch-2.10.0-variants.json --target gh200@13.0 --format json",
            "variantsel rank demo-1.0-py3-none-any-cuda12.8.whl --target machine.toml",
            "curl https://…/torch-2.10.0-variants.json | variantsel rank -",
        ),
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a release's variants.json, '-' for standard input, or a variant wheel",
    )
    _add_target(parser)
    parser.add_argument(
        "--enable",
        metavar="NAMESPACE",
        type=_namespace,
        action="append",
        default=[],
        help="use the optional provider of a namespace; may be repeated",
    )
    _add_format(parser)
    parser.set_defaults(run=_rank)


def _add_activation(commands: Any) -> None:
    for name, run, what, more in (
        (
            "activate",
            _activate,
            "let pip take variants in this environment",
            "Install a start-up hook into this environment: every pip that runs in it sees "
            "variant wheels.",
        ),
        (
            "deactivate",
            _deactivate,
            "undo activate",
            "Remove the start-up hook from this environment.",
        ),
        (
            "status",
            _status,
            "tell whether pip takes variants in this environment",
            "Tell whether pip takes variants in this environment; exit code 1 where not.",
        ),
    ):
        parser = commands.add_parser(
            name, help=what, description=more, epilog=_examples(f"variantsel {name}")
        )
        parser.set_defaults(run=run)
        if name == "status":
            _add_format(parser)


def _add_demo(commands: Any) -> None:
    parser = commands.add_parser(
        "demo",
        help="see it all on an index of its own, offline",
        description="Build a small package with variants, serve it on 127.0.0.1, and install it "
        "for this machine and for a Grace Hopper machine, in a folder that is removed again.",
        epilog=_examples("variantsel demo"),
    )
    parser.set_defaults(run=_demo)


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        metavar="NAME|FILE",
        help="the machine: 'host' for this one, a name such as gh200 or gh200@12.8 (the driver's "
        "version; 'variantsel detect --help' lists the names), or a target file ending in .toml; "
        "default: VARIANTSEL_TARGET, [tool.variantsel] target in pyproject.toml, this machine",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="default: table"
    )


def _examples(*commands: str) -> str:
    return _section("examples", commands)


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)])
