"""``variantsel trust`` and ``distrust``: the provider packages that may run on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO

from variantsel.cli.arguments import add_format, examples
from variantsel.cli.exit_codes import DONE, NEGATIVE
from variantsel.cli.output import print_json, print_note, print_progress
from variantsel.errors import PluginFailure, UntrustedPlugin, VariantselError
from variantsel.terminal import Terminal, printable_on

if TYPE_CHECKING:
    from variantsel.provider_host.trust_store import TrustedPackage

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Add the commands to the program's parser."""
    trust = commands.add_parser(
        "trust",
        help="let a provider package run on this machine, or list those that may",
        description="Let pip with variants install and run a provider package that variantsel "
        "does not bring itself: fetch it with all it depends on, as wheels, show every file with "
        "its hash and the plugin that is asked, ask, and write down that these files may run. "
        "Without a name: list what may.",
        epilog=examples(
            "variantsel trust acme-variant-provider",
            "variantsel trust 'acme-variant-provider==1.2' --yes",
            "variantsel trust",
        ),
    )
    trust.add_argument("packages", metavar="PACKAGE", nargs="*", help="a name, or NAME==VERSION")
    trust.add_argument("--yes", action="store_true", help="do not ask: what is shown is trusted")
    trust.add_argument(
        "--index-url", metavar="URL", help="fetch from this index; default: where pip would"
    )
    trust.add_argument(
        "--plugin-api",
        metavar="MODULE[:ATTRIBUTE]",
        help="where the package's plugin is; default: what its entry point says, or the module of "
        "its name",
    )
    add_format(trust)
    trust.set_defaults(run=_trust)
    distrust = commands.add_parser(
        "distrust",
        help="undo trust",
        description="Forget that provider packages may run on this machine.",
        epilog=examples("variantsel distrust acme-variant-provider"),
    )
    distrust.add_argument("packages", metavar="PACKAGE", nargs="+", help="a name")
    distrust.set_defaults(run=_distrust)


def _trust(arguments: argparse.Namespace) -> int:
    if not arguments.packages:
        return _list(arguments)
    print_progress()
    from variantsel.provider_host.choice import parse_requirement
    from variantsel.provider_host.entry_point import normalized_reference
    from variantsel.provider_host.plugins import agree
    from variantsel.provider_host.trust_store import TrustStore
    from variantsel.provider_host.wheels import resolve

    store = TrustStore()
    requirements = [parse_requirement(text) for text in arguments.packages]
    plugin_api = arguments.plugin_api
    if plugin_api is not None:
        plugin_api = normalized_reference(plugin_api)
        if len(requirements) > 1:
            raise UntrustedPlugin("--plugin-api is for one package; trust the others without it")
    names = " and ".join(arguments.packages)
    with TemporaryDirectory(prefix="variantsel-") as name:
        try:
            packages = resolve(requirements, Path(name), arguments.index_url, plugin_api)
            if arguments.format == "table" or not arguments.yes:
                _show(packages, sys.stdout if arguments.format == "table" else sys.stderr)
            if not (arguments.yes or _is_agreed(packages)):
                print_note("nothing was trusted")
                return NEGATIVE
            agree(packages, Path(name), store)
        except PluginFailure as error:
            raise VariantselError(f"{names} {error}") from None
    if arguments.format == "json":
        print_json([_as_object(package) for package in packages])
    else:
        Terminal(sys.stdout).line(
            f"{_names(packages)} may run from now on; 'variantsel distrust' takes it back.", "good"
        )
    return DONE


def _show(packages: Sequence[TrustedPackage], stream: TextIO) -> None:
    from variantsel.provider_host.promises import not_held

    terminal = Terminal(stream)
    wheels = dict.fromkeys(wheel for package in packages for wheel in package.wheels)
    terminal.line(f"Files that would run as {_user()}, to tell what this machine supports:")
    terminal.line()
    terminal.table(
        [
            (wheel.name, wheel.version, [wheel.filename, f"sha256:{wheel.sha256}"])
            for wheel in wheels
        ],
        ("good", "bold", ""),
        header=("PACKAGE", "VERSION", "FILE"),
    )
    terminal.line()
    for package in packages:
        terminal.line(f"{package.name} is asked through {package.plugin_api}.")
    terminal.line(
        "They run in a process of their own, whenever a release needs them. That keeps accidents "
        "away, not everyone who means harm."
    )
    if missing := not_held():
        terminal.line(
            f"Nothing on this machine keeps them from this: to {'; to '.join(missing)}.", "bold"
        )


def _is_agreed(packages: Sequence[TrustedPackage]) -> bool:
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise UntrustedPlugin(
            f"nobody can be asked whether {_names(packages)} may run: there is no terminal; "
            "look at the files above, then pass --yes"
        )
    try:
        sys.stderr.write(printable_on(sys.stderr, f"Let {_names(packages)} run? [y/N] "))
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except UnicodeDecodeError:
        return False


def _list(arguments: argparse.Namespace) -> int:
    from variantsel.provider_host.trust_store import TrustStore

    store = TrustStore()
    packages = store.packages()
    if arguments.format == "json":
        print_json([_as_object(package) for package in packages])
        return DONE
    terminal = Terminal(sys.stdout)
    if packages:
        terminal.table(
            [
                (
                    package.name,
                    package.version,
                    package.plugin_api,
                    [w.filename for w in package.wheels],
                )
                for package in packages
            ],
            ("good", "bold", "", ""),
            header=("PACKAGE", "VERSION", "PLUGIN", "FILES"),
        )
    else:
        terminal.line("No provider package is trusted; variantsel's own providers need no trust.")
    for name in sorted(set(store.names()) - {package.name for package in packages}):
        others = ", ".join(store.interpreters(name))
        print_note(f"{name} is trusted for other interpreters than this one: {others}")
    return DONE


def _distrust(arguments: argparse.Namespace) -> int:
    from variantsel.provider_host.choice import parse_requirement
    from variantsel.provider_host.trust_store import TrustStore

    store = TrustStore()
    terminal = Terminal(sys.stdout)
    for name in [parse_requirement(text).name for text in arguments.packages]:
        if store.remove(name):
            terminal.line(f"{name} will not run any more.", "good")
        else:
            terminal.line(f"{name} was not trusted.")
    return DONE


def _as_object(package: TrustedPackage) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "plugin_api": package.plugin_api,
        "wheels": [
            {
                "name": wheel.name,
                "version": wheel.version,
                "filename": wheel.filename,
                "sha256": wheel.sha256,
            }
            for wheel in package.wheels
        ],
    }


def _names(packages: Sequence[TrustedPackage]) -> str:
    return " and ".join(f"{package.name} {package.version}" for package in packages)


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "you"
