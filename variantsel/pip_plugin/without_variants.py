"""Announcing builds without variants: what they leave unused, and where there is better.

Most packages have no variants and leave nothing unused: they must cost next to nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from variantsel.pip_plugin.session import Session

__all__ = ["ASKED_PROJECTS", "announce_build_without_variants", "announce_hint"]

# fmt: off
ASKED_PROJECTS = frozenset(
    (
        "cucim", "cudf", "cudf-polars", "cuequivariance-ops", "cuequivariance-ops-jax",
        "cuequivariance-ops-torch", "cugraph", "cugraph-pyg", "cuml", "cuopt", "cupy", "cuvs",
        "cuxfilter", "cvcuda", "dask-cudf", "distributed-ucxx", "faiss", "flashinfer-python",
        "gpu4pyscf", "gpu4pyscf-libxc", "holoscan", "jax", "kvikio", "libcudf", "libcugraph",
        "libcuml", "libcuopt", "libcuvs", "libkvikio", "libnvforest", "libraft", "librapidsmpf",
        "librmm", "libucxx", "libwholegraph", "mlx", "numba-cuda", "nvforest", "nvidia-dali",
        "nvidia-dali-tf-plugin", "nx-cugraph", "onnxruntime", "openmm", "paddlepaddle",
        "pylibcudf", "pylibcugraph", "pylibraft", "pylibwholegraph", "raft-dask",
        "rapids-singlecell", "rapidsmpf", "rmm", "tensorflow", "tensorrt", "tensorrt-dispatch",
        "tensorrt-lean", "transformer-engine", "ucxx", "vllm", "xgboost",
    )
)
# fmt: on
"""What people ask for where a bridge would have another name, or an extra; a test compares it with
the bridges' files, which take too long to read for a run that has nothing to do with them."""


def announce_build_without_variants(
    session: Session, requirement: Any, finder: Any, result: Any
) -> None:
    """Warn when pip took a build without variants, and the machine has an accelerator for which
    another has one, or which this build is known not to use.

    :param result: resolvelib's result: ``mapping`` of candidates, ``criteria`` they had to meet.
    :raises pip._internal.exceptions.InstallationError: where the user is strict and the build is
        known to use no accelerator of the machine.
    """
    from pip._vendor.packaging.utils import canonicalize_name

    name = canonicalize_name(requirement.name)
    candidate = result.mapping.get(name)
    if candidate is None or candidate.is_installed or requirement.original_link is not None:
        return  # or the user named this very build
    if session.seen.has_variants(name):
        _announce_beside_variants(session, requirement, finder, result)
    elif _is_worth_a_look(requirement.link, candidate):
        session.hints.append((candidate, requirement))
        _announce_alone(session, requirement, finder, candidate)
    elif name in ASKED_PROJECTS:
        session.hints.append((candidate, requirement))


def _is_worth_a_look(link: Any, candidate: Any) -> bool:
    """Whether there may be builds of this for an accelerator: pure Python, and most of what was
    compiled, is not worth asking a machine's providers."""
    if not link.is_wheel:
        return False
    if "cpu" in link.filename.split("-")[1].partition("+")[2]:
        return True
    if link.filename.endswith("-any.whl"):
        return False
    from variantsel.selection.accelerated_projects import PUBLISHED_FOR

    if candidate.project_name in PUBLISHED_FOR:
        return True
    required = candidate.dist.metadata.get_all("Requires-Dist", [])
    return any("nvidia-" in line and "extra" not in line for line in required)


def _announce_alone(session: Session, requirement: Any, finder: Any, candidate: Any) -> None:
    """A build of a project of which no source has variants."""
    from variantsel.pip_plugin.builds import build_of
    from variantsel.selection.without_variants import no_variants_line

    configuration = session.settings.configuration
    name = candidate.dist.canonical_name
    build = build_of(candidate.dist, configuration.target.environment)
    sources = [session.seen.source_of(item.link) for item in finder.find_all_candidates(name)]
    remark = no_variants_line(
        build,
        requirement.link.filename,
        configuration.target,
        configuration.preferences(name),
        list(dict.fromkeys(sources)),
    )
    if remark.is_known_to_leave_it_unused:
        session.settings.problem_unless_worse(remark.text)
    elif remark.text and not (session.bridges and session.bridges.environment.toolkit):
        session.voice.info(remark.text)  # not of each library of a toolkit that a bridge chose


def _announce_beside_variants(session: Session, requirement: Any, finder: Any, result: Any) -> None:
    """A build of a project of which another release, or another build of this one, is a variant."""
    from pip._vendor.packaging.utils import canonicalize_name

    from variantsel.pip_plugin.builds import build_of
    from variantsel.selection.unused import without_variants_line

    name = canonicalize_name(requirement.name)
    build = build_of(result.mapping[name].dist, session.settings.configuration.target.environment)
    for candidates in _without_and_with_pre_releases(finder, requirement.name):
        for candidate in reversed(candidates):
            if not isinstance(candidate.link, session.seen.release_link_type):
                continue
            for file, selection in session.choices.of(candidate.link.release, finder):
                line = without_variants_line(
                    requirement.link.filename,
                    build,
                    selection,
                    file,
                    _instead(candidate, file, candidates, requirement, result.criteria.get(name)),
                )
                if line and build.accelerators is not None:
                    session.settings.problem_unless_worse(line)
                elif line:
                    session.voice.warn(line)
                break
            return
    ruled_out = session.seen.ruled_out(name)
    if ruled_out:
        from variantsel.selection.without_variants import ruled_out_line

        session.voice.warn(ruled_out_line(requirement.link.filename, ruled_out))


def _without_and_with_pre_releases(finder: Any, project_name: str) -> Iterator[list[Any]]:
    """The candidates, worst first, then those that there would be with ``--pre``."""
    from pip._vendor.packaging.specifiers import SpecifierSet

    from variantsel.pip_plugin.candidates import applicable_candidates

    yield applicable_candidates(finder.find_best_candidate(project_name))
    everything = SpecifierSet(prereleases=True)
    yield applicable_candidates(finder.find_best_candidate(project_name, everything))


def _instead(
    candidate: Any, file: Any, candidates: Sequence[Any], requirement: Any, criterion: Any
) -> str:
    """How to take another version: what to type, or what requires the one that was taken."""
    from variantsel.selection.unused import exactly

    for information in criterion.information if criterion is not None else ():
        parent, required = information.parent, information.requirement
        specifier = _specifier_of(required)
        if parent is None or specifier is None:
            continue
        if not specifier.contains(candidate.version, prereleases=True):
            return f", but {parent.name} {parent.version} requires {required}"
    hashes = requirement.hashes(trust_internet=False)
    if hashes and not file.file.link.is_hash_allowed(hashes):
        return ", but its hash is none of those that were given"
    versions = [str(other.version) for other in candidates]
    exact = exactly(candidate.name, str(candidate.version), versions)
    if candidate.version.is_prerelease:
        return f" (a pre-release: pip install --pre {candidate.name}, or pip install {exact})"
    return f" (pip install {exact})"


def _specifier_of(requirement: Any) -> Any:
    """The version specifier of a requirement, of either resolver; ``None`` where it has none."""
    if hasattr(requirement, "get_candidate_lookup"):
        _, requirement = requirement.get_candidate_lookup()
        requirement = getattr(requirement, "req", None)
    return getattr(requirement, "specifier", None)


def announce_hint(session: Session) -> None:
    """Say, in one line, what bridges would have changed; nothing where one is switched on."""
    if not session.hints or session.bridges is not None:
        return
    configuration = session.settings.configuration
    if not configuration.hints:
        return
    from variantsel.selection.bridge_hint import Taken, hint_line

    taken = [
        Taken(
            candidate.project_name,
            str(candidate.version),
            requirement.user_supplied and not requirement.extras,
        )
        for candidate, requirement in session.hints
    ]
    line = hint_line(taken, configuration.target, enabled=configuration.enabled)
    if line:
        session.voice.info(line)
