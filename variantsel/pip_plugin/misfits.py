"""The installed variants that do not fit the machine, any more or at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from variantsel.formats.wheel_label import split_label
from variantsel.pip_plugin.builds import installed_variant

if TYPE_CHECKING:
    from variantsel.formats.properties import Variants
    from variantsel.pip_plugin.settings import Settings
    from variantsel.pip_plugin.voice import Voice

__all__ = ["Misfits"]


class Misfits:
    """Tells which of pip's distributions are variants that do not fit, each looked at once."""

    def __init__(self, settings: Settings, voice: Voice) -> None:
        self._settings = settings
        self._voice = voice
        self._found: dict[str, bool] = {}
        self._unlabelled: dict[str, Variants | None] = {}

    def __contains__(self, distribution: Any) -> bool:
        """Whether an installed variant is known not to fit.

        A mistake of ours on the way is said, and no reason to replace anything.
        """
        name = distribution.canonical_name
        if name not in self._found:
            self._found[name] = False
            self._voice.guarded(lambda: self._look_at(distribution))
        return self._found[name]

    def describe(self, distribution: Any) -> str:
        """Which variant a misfit is, and why it does not fit, in a sentence."""
        variant, configuration = installed_variant(distribution), self._settings.configuration
        assert variant is not None, "only a variant can be a misfit"
        reason = variant.misfit(configuration.target, enabled=configuration.enabled)
        return (
            f"{distribution.canonical_name} {variant.version} is installed as variant "
            f"{variant.label}, which does not fit {configuration.target.name}: it {reason}"
        )

    def is_same_build(self, distribution: Any, link: Any, network: Any) -> bool:
        """Whether an ordinary wheel is what is installed: a variant that lost its label.

        That happens to wheels that were unpacked and packed again: their name has no label, and
        their ``variant.json`` is still there.

        :param network: pip's session.
        """
        from variantsel.errors import InvalidMetadata
        from variantsel.pip_plugin.metadata_source import read_remote_wheel

        variant = installed_variant(distribution)
        if variant is None or not link.is_wheel or split_label(link.filename)[1]:
            return False
        if variant.is_bridged:  # the version is the same, its local part included
            return True
        if link.url not in self._unlabelled:
            try:
                self._unlabelled[link.url] = read_remote_wheel(link, network).variants
            except (InvalidMetadata, OSError):
                self._unlabelled[link.url] = None
        found = self._unlabelled[link.url]
        if found is None or list(found.values()) != [variant.properties]:
            return False
        self._voice.warn(
            f"{link.filename} is variant {variant.label} of {variant.name} {variant.version}: it "
            "lost its label, as wheels do that are packed again. It is not taken in place of what "
            "is installed, which is the same."
        )
        return True

    def machine_could_use(self, distribution: Any) -> bool:
        """Whether the machine has an accelerator that a misfit was built for."""
        from variantsel.selection.build import usable_accelerators

        variant, target = installed_variant(distribution), self._settings.configuration.target
        assert variant is not None, "only a variant can be a misfit"
        return bool(usable_accelerators(variant.metadata, target, variant.label))

    def _look_at(self, distribution: Any) -> None:
        variant = installed_variant(distribution)
        if variant is None or self._settings.configuration.preferences(variant.name).off:
            return
        configuration = self._settings.configuration
        self._found[distribution.canonical_name] = variant.is_known_to_misfit(
            configuration.target, enabled=configuration.enabled
        )
