"""``variantsel list``: what is installed, and whether it is right for a machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variantsel.cli.arguments import add_format, add_target, examples, resolve_target
from variantsel.cli.exit_codes import DONE, NEGATIVE, UNUSED
from variantsel.cli.output import abbreviated, print_json, print_note, print_notices, rejection_json
from variantsel.errors import VariantselError
from variantsel.terminal import Terminal

if TYPE_CHECKING:
    from variantsel.selection.installed_packages import InstalledPackage, Verdict
    from variantsel.selection.installed_variants import InstalledVariant
    from variantsel.targets.target import Target

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "list",
        help="list the variants installed in this environment, and whether they fit",
        description="List the packages of this environment, or of a folder, that were installed "
        "as a variant, what they were built for, and whether they fit the machine; and those of "
        "the others that are known to leave its accelerator unused. What bridges that are switched "
        "on know is listed as the build that it is. Exit code 1 where one does not "
        "fit, 3 where all fit and one leaves an accelerator unused ('idle').",
        epilog=examples(
            "variantsel list",
            "variantsel list --target gh200@12.8 --path layer",
            "variantsel list --format json",
        ),
    )
    add_target(parser)
    parser.add_argument(
        "--path",
        metavar="FOLDER",
        type=Path,
        help="look at what is installed in a folder, such as one that 'variantsel pip --target "
        "NAME install --into FOLDER' filled, for the Python that most wheels in there are for; of "
        "the packages that are no variants, those are listed, too, whose wheel is for another "
        "platform or Python",
    )
    add_format(parser)
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    from variantsel.configuration import load_configuration
    from variantsel.selection.folder_python import folder_python
    from variantsel.selection.installed_packages import Judge, installed_packages

    folder: Path | None = arguments.path
    if folder is not None and not folder.is_dir():
        raise VariantselError(f"--path: {folder} is no folder")
    target = resolve_target(arguments.target)
    configuration = load_configuration()
    bridged = None
    if configuration.bridges:
        from variantsel.selection.bridged import BridgedEnvironment

        bridged = BridgedEnvironment(configuration.bridges, target, enabled=configuration.enabled)
    path = [str(folder)] if folder else None
    packages, problems = installed_packages(path, target=target, bridged=bridged)
    python = None
    if folder is not None:
        python = folder_python([package.tags for package in packages], target)
        target = target.with_python(python.version)
        packages, problems = installed_packages(path, target=target, bridged=bridged)
    judge = Judge(target, enabled=configuration.enabled, python=python)
    rows = []
    for package in packages:
        verdict = judge.verdict(package, configuration.preferences(package.name))
        is_foreign = folder is not None and not verdict.fits
        if package.variant is not None or verdict.unused or is_foreign:
            rows.append((package, verdict))
    where = str(folder) if folder else sys.prefix
    version = target.environment["python_version"]
    if arguments.format == "json":
        head = {"environment": where, "target": target.name, "python": version}
        print_json({**head, **_json(rows, target)})
    else:
        _print_table(where, f"{target.name}, {python}" if python else target.name, target, rows)
        if folder is None:
            _print_advice(rows)
    for problem in problems:
        print_note(problem)
    print_notices(target)
    if any(not verdict.fits for _, verdict in rows):
        return NEGATIVE
    return UNUSED if any(verdict.unused for _, verdict in rows) else DONE


def _json(
    rows: list[tuple[InstalledPackage, Verdict]], target: Target
) -> dict[str, list[dict[str, Any]]]:
    variants, others = [], []
    for package, verdict in rows:
        judged = {
            "fits": verdict.fits,
            "reason": _reason_json(verdict, target),
            "unused": list(verdict.unused),
            "tags": list(package.tags),
        }
        known = {"name": package.name, "version": package.build.version}
        if package.variant is not None:
            variant = {
                "label": package.variant.label,
                "properties": package.variant.properties,
                "bridge": package.bridge or None,
            }
            variants.append({**known, **variant, **judged})
        else:
            others.append({**known, **judged})
    return {"variants": variants, "others": others}


def _reason_json(verdict: Verdict, target: Target) -> dict[str, Any] | None:
    if verdict.rejection is not None:
        return rejection_json(verdict.rejection)
    if verdict.fits and not verdict.unused:
        return None
    kind = "unused" if verdict.fits else "tags"
    return {"kind": kind, "wanted": list(verdict.foreign_tags), "text": verdict.reason(target)}


def _print_table(
    where: str, machine: str, target: Target, rows: list[tuple[InstalledPackage, Verdict]]
) -> None:
    terminal = Terminal(sys.stdout)
    if not rows:
        terminal.line(f"No package of {where} was installed as a variant.")
        return
    terminal.line(f"Machine: {machine}", "bold")
    terminal.line()
    terminal.table(
        [
            (
                package.name,
                package.build.version,
                package.variant.label if package.variant else "-",
                ("idle" if verdict.unused else "yes") if verdict.fits else "no",
                _remark(package, verdict, target),
            )
            for package, verdict in rows
        ],
        styles=("bold", "", "good", "", ""),
        header=("PACKAGE", "VERSION", "VARIANT", "FITS", "BUILT FOR, OR WHY NOT"),
    )


def _print_advice(rows: list[tuple[InstalledPackage, Verdict]]) -> None:
    from variantsel.selection.installed_builds import upgrade_requirement

    terminal = Terminal(sys.stdout)
    unfit = [package.name for package, verdict in rows if verdict.rejection is not None]
    foreign = [package.name for package, verdict in rows if verdict.foreign_tags]
    idle = [  # with a bridge, builds of other local versions are as good as the same version
        package.name if package.bridge else upgrade_requirement(package.build)
        for package, verdict in rows
        if verdict.unused
    ]
    if unfit or foreign or idle:
        terminal.line()
    if unfit:
        terminal.line(f"'pip install --upgrade {' '.join(unfit)}' takes what fits.")
    if foreign:
        terminal.line(f"'pip install --force-reinstall {' '.join(foreign)}' takes what fits.")
    if idle:
        command = f"pip install --upgrade {' '.join(idle)}"
        terminal.line(f"'{command}' takes variants that use it, where the index has them.")


def _remark(package: InstalledPackage, verdict: Verdict, target: Target) -> list[str]:
    reason = verdict.reason(target)
    if reason:
        return [f"it {reason}"]
    return _properties(package.variant) if package.variant else [""]


def _properties(variant: InstalledVariant) -> list[str]:
    lines = [
        f"{namespace} :: {feature} :: {abbreviated(values)}"
        for namespace, features in variant.properties.items()
        for feature, values in features.items()
    ]
    return lines or ["every machine"]
