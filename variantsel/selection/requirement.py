"""What the user requires of a project by ``take`` and ``never``: whether it is anywhere, in words.

It holds for a project that has no variants as well: that no index has them is the case it is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from variantsel.ranking.preferences import NON_VARIANT, Preferences
from variantsel.ranking.preferred_order import missing_label

__all__ = ["unmet_by_installed", "unmet_requirement"]


def unmet_requirement(
    project_name: str, preferences: Preferences, files: Sequence[tuple[str, str]]
) -> str:
    """Why nothing that was found of a project may be taken; empty where something may.

    :param files: the label of each file, empty where it has none, and the source that lists it.
    """
    settings = {preferences.narrowing_of(label) for label, _ in files}
    if not files or None in settings or not (preferences.take or preferences.never):
        return ""
    setting = "; ".join(sorted({narrowing.setting for narrowing in settings if narrowing}))
    labels = sorted({label for label, _ in files if label})
    if labels and preferences.take:
        return f"{project_name}: {setting}: {missing_label(preferences.take, labels)}"
    if labels:
        return f"{project_name}: {setting}: nothing is left of {', '.join(labels)}."
    sources = ", ".join(dict.fromkeys(source for _, source in files))
    return (
        f"{project_name}: {setting}: no variants of {project_name} for this platform were found "
        f"({sources}). {_what_would_help(preferences)}"
    )


def unmet_by_installed(
    project_name: str, version: str, label: str, preferences: Preferences, sources: Sequence[str]
) -> str:
    """Why an installed build, which nothing that was found could replace, is not what is required.

    :param label: the variant's label; empty for a build that is no variant.
    :param sources: where the project was found.
    """
    narrowing = preferences.narrowing_of(label)
    assert narrowing is not None, "only a build that is left out is not what is required"
    build = f"as variant {label}" if label else "without a variant"
    where = f" on {', '.join(dict.fromkeys(sources))}" if sources else ""
    return (
        f"{project_name}: {narrowing.setting}, but {version} is installed {build}, and nothing "
        f"that may be taken instead was found{where}. {_what_would_help(preferences)}"
    )


def _what_would_help(preferences: Preferences) -> str:
    name_an_index = "Name an index that has them (--index-url, --extra-index-url or --find-links)"
    if preferences.take and NON_VARIANT not in preferences.never:
        return f"{name_an_index}, or have take allow '{NON_VARIANT}' as well."
    return f"{name_an_index}, or leave '{NON_VARIANT}' out of never."
