"""One label for all of a family: giving up the one settled on where not all of it can be had."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from variantsel.bridges.bridge import Bridge
    from variantsel.selection.bridged import BridgedEnvironment

__all__ = ["LabelForAll", "LabelNotForAll"]


class LabelNotForAll(Exception):
    """The label that a family was settled on cannot be had of one of its projects: the resolution
    is to start again.

    :ivar bridge: the family.
    :ivar label: the label that was given up.
    :ivar release: what has none of it, ``torchcodec 0.9``.
    """

    def __init__(self, bridge: Bridge, label: str, release: str) -> None:
        super().__init__(f"{release} has no build {label}")
        self.bridge = bridge
        self.label = label
        self.release = release


class LabelForAll:
    """Watches over the labels of one environment's families while a resolver resolves.

    :ivar given_up: the labels that could not be had for all of a family, with the reason of each.
    """

    def __init__(self, environment: BridgedEnvironment) -> None:
        self.given_up: list[LabelNotForAll] = []
        self._environment = environment
        self._insists = True
        self._narrowed: set[str] = set()

    def stop_looking_back(self) -> None:
        """From now on an older release with the label is taken: the resolver cannot start again."""
        self._insists = False

    def is_open(self, project: str, label: str) -> bool:
        """Whether a build of a label may still be taken; that one may not is remembered."""
        if self._environment.is_open(project, label):
            return True
        bridge = self._environment.bridge_of(project)
        assert bridge is not None, "a label is always a bridge's"
        self._narrowed.add(bridge.name)
        return False

    def check(self, project: str, release: str, fitting: Collection[str]) -> None:
        """Look at the newest release of a project that has a build for the machine's accelerators:
        an older one is not taken for the label's sake.

        :param release: what messages call it.
        :param fitting: the labels of its builds that fit the machine and need something of it.
        :raises LabelNotForAll: where another label is to be tried for all of the family.
        """
        bridge = self._environment.bridge_of(project)
        if bridge is None or not self._insists or not self._environment.is_bound(bridge, project):
            return
        settled = self._environment.settled.get(bridge.name)
        # One that needs nothing was settled on for a reason.
        needs_something = any(row.needs for row in bridge.labels if row.label == settled)
        left = set(fitting).difference(self._environment.ruled_out.get(bridge.name, ()))
        if settled and needs_something and left and settled not in left:
            self._give_up(bridge, release)

    def give_up_after(self, failed: Iterable[str]) -> bool:
        """Give up a label after a resolution that failed; whether there is another to try.

        :param failed: the projects of which nothing was found.
        """
        failed = list(failed)
        for bridge in self._environment.bridges:
            if bridge.name in self._narrowed and self._environment.settled.get(bridge.name):
                release = next((name for name in failed if name in bridge.members), bridge.about)
                try:
                    self._give_up(bridge, release)
                except LabelNotForAll:
                    return True
        return False

    def start_again(self) -> None:
        """Resolve anew: what was settled on is forgotten, what was given up is not."""
        self._environment.start_again()
        self._narrowed.clear()

    def _give_up(self, bridge: Bridge, release: str) -> None:
        label = self._environment.rule_out(bridge)
        if not label:
            self._insists = False
            return
        given_up = LabelNotForAll(bridge, label, release)
        self.given_up.append(given_up)
        raise given_up
