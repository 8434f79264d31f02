"""Seam: wheels that pip downloads only after the resolution (PEP 658).

Fits pip 23.1 to 26.3: ``RequirementPreparer.prepare_linked_requirements_more(self, reqs,
parallel_builds)``, called by the commands since 25.1, inside ``Resolver.resolve`` before;
``_prepare_linked_requirement(self, req, parallel_builds)`` reads a wheel that is here, and since
26.2 refuses one whose requirements are not those of its PEP 658 metadata.
"""

from __future__ import annotations

from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["change"]


def change(session: Session, prepare: Any) -> None:
    """Compare late wheels with their index; set aside those that contradict it and resolve anew."""
    prepare_here = prepare.RequirementPreparer._prepare_linked_requirement
    prepare_more = prepare.RequirementPreparer.prepare_linked_requirements_more

    def prepare_chosen(self: Any, req: Any, parallel_builds: bool) -> Any:
        chosen = session.chosen(req)
        with session.requirements.preparing(*(chosen or (None, None))):
            return prepare_here(self, req, parallel_builds)

    def prepare_and_compare(self: Any, reqs: Any, parallel_builds: bool = False) -> None:
        prepare_more(self, reqs, parallel_builds)
        while session.resolution is not None:
            resolve_again, requirement_set = session.resolution
            if session.agreement.all_agree(list(requirement_set.requirements.values())):
                return
            # The command holds on to the set it was given: the new result goes into that one.
            requirements = resolve_again().requirements
            requirement_set.requirements.clear()
            requirement_set.requirements.update(requirements)
            prepare_more(self, requirement_set.requirements.values(), parallel_builds)
            session.resolution = resolve_again, requirement_set

    prepare.RequirementPreparer._prepare_linked_requirement = prepare_chosen
    prepare.RequirementPreparer.prepare_linked_requirements_more = prepare_and_compare
