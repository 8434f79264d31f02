"""What there is of a project of which pip found nothing for the machine: "from versions: none"."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from variantsel.pip_plugin.session import Session

__all__ = ["explain_not_found"]


def explain_not_found(session: Session) -> None:
    """Say for whom what is there would be, of every project of which nothing was found; of one that
    a bridge has builds of by other names, why none of these was asked for."""
    for name, (finder, specifier) in session.seen.not_found.items():
        session.voice.guarded(partial(_explain_unserved, session, name))
        session.voice.guarded(partial(_explain, session, name, finder, specifier))


def _explain(session: Session, project_name: str, finder: Any, specifier: Any) -> None:
    from pip._vendor.packaging.version import Version

    from variantsel.formats.wheel_label import split_label
    from variantsel.selection.wheel_audience import described_platform, no_wheel_line

    by_version: dict[Any, list[Any]] = {}
    for link in session.seen.mismatches(project_name):
        if not link.is_wheel:
            continue
        try:
            version = Version(split_label(link.filename)[0].split("-")[1])
        except (ValueError, IndexError):  # ValueError: also of a number with too many digits
            continue
        if specifier is None or specifier.contains(version, prereleases=True):
            by_version.setdefault(version, []).append(link)
    if not by_version:
        return
    newest = max(by_version)
    links = by_version[newest]
    python = ".".join(map(str, finder.target_python.py_version_info[:2]))
    wanted = f"Python {python} on {described_platform(_first_platform(finder.target_python))}"
    if session.settings.may_be_set and not session.settings.configuration.target.is_host:
        wanted += f", as {session.settings.configuration.target.name} needs it"
    sources = dict.fromkeys(session.seen.source_of(link) for link in links)
    session.voice.warn(
        no_wheel_line(project_name, str(newest), [link.filename for link in links], wanted, sources)
    )


def _explain_unserved(session: Session, project_name: str) -> None:
    if session.bridges is None:
        return
    from variantsel.pip_plugin.seen import normalized
    from variantsel.selection.unserved import unserved_line

    line = unserved_line(session.bridges.environment, normalized(project_name))
    if line:
        session.voice.warn(line)


def _first_platform(target_python: Any) -> str:
    since_24_0 = getattr(target_python, "get_sorted_tags", None)
    tags = since_24_0() if since_24_0 is not None else target_python.get_tags()
    return next((str(tag.platform) for tag in tags), "any")
