"""Choosing among a release's files, and what is said of the choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from support.wheels import metadata

from variantsel import InvalidMetadata, Preferences, Target, VariantMetadata
from variantsel.selection.build import Build
from variantsel.selection.selection import Release, ReleaseFile, Selection, select
from variantsel.selection.taken import (
    choice_details,
    choice_line,
    nothing_fits_line,
    other_machine_line,
    several_sources_line,
)
from variantsel.selection.unused import exactly, unused_accelerator_line, without_variants_line

GPU = Target.from_properties(
    {"nvidia": {"cuda_version_lower_bound": ["12.8", "12.0"], "sm_arch": ["90_real"]}}
)
NO_GPU = Target.from_properties({})
CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real"]}}
METADATA = metadata({"cuda12": CUDA12, "cuda13": CUDA13, "null": {}}, namespaces=["nvidia"])


def release(*names: str, source: str = "index") -> Release[None]:
    files = [ReleaseFile(f"pkg-1.0-py3-none-{name}", source, None) for name in names]
    return Release("pkg", "1.0", files)


def selected(
    release: Release[None], target: Target = GPU, document: Any = METADATA, **preferences: Any
) -> Selection[None]:
    def read(_: Sequence[ReleaseFile[None]]) -> VariantMetadata:
        if isinstance(document, Exception):
            raise document
        return VariantMetadata.parse(document)

    return select(release, target, read, preferences=Preferences(**preferences))


def names(selection: Selection[None]) -> list[str]:
    return [file.filename.removeprefix("pkg-1.0-py3-none-") for file in selection.files]


def test_variants_come_first_then_null_then_the_rest_in_the_installers_order() -> None:
    everything = release("b.whl", "any-null.whl", "a.whl", "any-cuda13.whl", "any-cuda12.whl")
    assert names(selected(everything)) == ["any-cuda12.whl", "any-null.whl", "b.whl", "a.whl"]


def test_within_a_label_the_installers_order_by_tags_stays() -> None:
    wheels = release("new-null.whl", "new-cuda12.whl", "old-cuda12.whl", "old-null.whl")
    assert names(selected(wheels)) == [
        *("new-cuda12.whl", "old-cuda12.whl"),
        *("new-null.whl", "old-null.whl"),
    ]


@pytest.mark.parametrize("error", [InvalidMetadata("broken"), OSError("gone"), ValueError("any")])
def test_metadata_that_cannot_be_read_sets_the_variants_aside(error: Exception) -> None:
    selection = selected(release("any-cuda12.whl", "any.whl"), document=error)
    assert names(selection) == ["any.whl"]
    (problem,) = selection.problems
    assert problem.startswith("pkg 1.0: set aside the variants cuda12 on index: ")
    assert str(error) in problem
    assert choice_line(selection, selection.files[0]) == ""


def test_labels_that_the_metadata_lacks_are_set_aside() -> None:
    selection = selected(release("any-cuda12.whl", "any-cuda99.whl"))
    assert names(selection) == ["any-cuda12.whl"]
    assert "set aside the variants cuda99" in selection.problems[0]


def test_each_sources_variants_are_ordered_on_their_own() -> None:
    files = [
        ReleaseFile("pkg-1.0-py3-none-any-null.whl", "one", None),
        ReleaseFile("pkg-1.0-py3-none-any-cuda12.whl", "two", None),
        ReleaseFile("pkg-1.0-py3-none-any-cuda12.whl", "one", None),
        ReleaseFile("pkg-1.0-py3-none-any.whl", "two", None),
    ]
    selection = selected(Release("pkg", "1.0", files))
    assert [(file.label, file.source) for file in selection.files] == [
        ("cuda12", "one"),
        ("cuda12", "two"),
        ("null", "one"),
        ("", "two"),
    ]
    assert several_sources_line(selection).endswith(": one, then two")


def test_the_line_says_what_was_taken_and_why() -> None:
    selection = selected(release("any-cuda12.whl", "any-null.whl"))
    assert choice_line(selection, selection.files[0]) == (
        "pkg 1.0: variant cuda12 (the given machine supports nvidia :: cuda_version_lower_bound"
        " :: 12.0, nvidia :: sm_arch :: 90_real; fits as well: null)"
    )
    assert unused_accelerator_line(selection, selection.files[0]) == ""


def test_null_on_a_machine_without_an_accelerator_is_no_warning() -> None:
    selection = selected(release("any-cuda12.whl", "any-null.whl"), NO_GPU)
    assert choice_line(selection, selection.files[0]) == (
        "pkg 1.0: variant null (the given machine supports none of cuda12, cuda13)"
    )
    assert unused_accelerator_line(selection, selection.files[0]) == ""


def test_an_accelerator_left_unused_is_said_with_what_would_have_used_it() -> None:
    only13 = metadata({"cuda13": CUDA13, "null": {}}, namespaces=["nvidia"])
    selection = selected(release("any-cuda13.whl", "any-null.whl"), document=only13)
    line = unused_accelerator_line(selection, selection.files[0])
    assert "has nvidia hardware, but pkg-1.0-py3-none-any-null.whl does not use it" in line
    assert "cuda13 needs nvidia :: cuda_version_lower_bound :: 13.0" in line


@pytest.mark.parametrize(("present", "said"), [("false", False), ("true", True)])
def test_a_tpu_that_is_not_there_is_not_missed(present: str, said: bool) -> None:
    document = metadata({"tpu": {"tpu": {"present": ["true"]}}, "null": {}}, namespaces=["tpu"])
    target = Target.from_properties({"tpu": {"present": [present]}})
    selection = selected(release("any-null.whl"), target, document=document)
    assert bool(unused_accelerator_line(selection, selection.files[0])) == said


def test_a_fitting_variant_without_a_wheel_for_the_platform_is_said() -> None:
    selection = selected(release("any-null.whl"))
    assert "2. null  (taken)" in choice_details(selection, selection.files[0])
    assert "1. cuda12  (no wheel for this platform)" in choice_details(
        selection, selection.files[0]
    )
    line = unused_accelerator_line(selection, selection.files[0])
    assert "cuda12 fits, but has no wheel for this platform" in line


def test_an_accelerator_wheel_that_was_not_taken_is_said() -> None:
    selection = selected(release("any-cuda12.whl", "any-null.whl"))
    line = unused_accelerator_line(selection, selection.files[1])
    assert "cuda12 fits, but could not be taken" in line


def test_a_newer_version_without_variants_names_the_older_one() -> None:
    selection = selected(release("any-cuda12.whl"))
    taken = Build("pkg", "2.0")
    line = without_variants_line(
        "pkg-2.0-py3-none-any.whl", taken, selection, selection.files[0], " (what to do)"
    )
    assert line.endswith("pkg 1.0 has the variant cuda12 for it (what to do)")
    without = selected(release("any-cuda12.whl", "any-null.whl"), NO_GPU)
    assert without_variants_line("pkg-2.0.whl", taken, without, without.files[0], "") == ""
    uses_it = Build("pkg", "2.0+cu130")
    assert without_variants_line("pkg-2.0.whl", uses_it, selection, selection.files[0], "") == ""


def test_only_three_equal_signs_take_a_version_that_has_local_ones() -> None:
    assert exactly("torch", "2.12.0", ["2.12.0", "2.12.0+cpu"]) == "torch===2.12.0"
    assert exactly("torch", "2.12.0", ["2.12.0", "2.12.00", "2.13.0+cpu"]) == "torch==2.12.0"


def test_a_wheel_for_another_machine_than_the_targets_is_said() -> None:
    gh200 = Target.named("gh200")
    wheels = release("manylinux_2_28_x86_64-cuda12.whl", "any-null.whl")
    selection = selected(wheels, gh200)
    assert "gh200@12.8 is aarch64" in other_machine_line(selection, selection.files[0])
    assert other_machine_line(selection, selection.files[1]) == ""
    right = selected(release("manylinux_2_28_aarch64-cuda12.whl"), gh200)
    assert other_machine_line(right, right.files[0]) == ""


# -- preferences


EVERY_FILE = release("any-cuda12.whl", "any-null.whl", "any.whl")


@pytest.mark.parametrize(
    ("preferences", "left"),
    [
        ({"exclude": ["nvidia"]}, ["any-null.whl", "any.whl"]),
        ({"never": ["null", "non-variant"]}, ["any-cuda12.whl"]),
        ({"take": ["null"]}, ["any-null.whl"]),
        ({"take": ["cuda13", "non-variant"]}, ["any.whl"]),
        ({"off": True}, ["any.whl"]),
        ({"never": ["*", "non-variant"]}, []),
    ],
)
def test_preferences_narrow_the_files_non_variant_ones_too(
    preferences: dict[str, Any], left: list[str]
) -> None:
    assert names(selected(EVERY_FILE, **preferences)) == left


def test_a_label_to_take_that_cannot_be_had_is_in_the_selection() -> None:
    unmet = selected(EVERY_FILE, take=["cuda13"]).unmet
    assert str(unmet).startswith("take = cuda13: cuda13 needs nvidia :: cuda_version_lower_bound")
    assert selected(EVERY_FILE, take=["cuda13", "null"]).unmet is None


def test_a_package_that_is_switched_off_has_no_metadata_read() -> None:
    selection = selected(EVERY_FILE, document=AssertionError("read"), off=True)
    assert choice_line(selection, selection.files[0]) == ""
    assert choice_details(selection, selection.files[0]) == [
        "no variant is considered (off = true)"
    ]
    selection = selected(release("any-cuda12.whl"), off=True)
    assert nothing_fits_line(selection) == (
        "pkg 1.0 has no wheel for the given machine. No variant is considered (off = true)."
    )


def test_a_wheel_named_by_the_user_is_taken_whatever_is_preferred() -> None:
    (wheel,) = release("any-cuda12.whl").files
    named = Release("pkg", "1.0", [wheel], is_named=True)
    assert names(selected(named, exclude=["nvidia"], off=True)) == ["any-cuda12.whl"]


def test_the_line_says_which_preference_put_another_wheel_first() -> None:
    without = selected(release("any-cuda12.whl", "any.whl"), exclude=["nvidia"])
    assert choice_line(without, without.files[0]) == (
        "pkg 1.0: taking pkg-1.0-py3-none-any.whl rather than cuda12: exclude = nvidia"
    )
    null = selected(EVERY_FILE, never=["cuda12"])
    assert choice_line(null, null.files[0]) == (
        "pkg 1.0: variant null (the given machine supports none of cuda13; rather than cuda12: "
        "never = cuda12)"
    )
    assert "cuda12 fits, but is left out (never = cuda12)." in unused_accelerator_line(
        null, null.files[0]
    )
    assert "-  cuda12 is left out (never = cuda12)." in choice_details(null, null.files[0])
    same = selected(EVERY_FILE, prefer=["nvidia"], never=["cuda13"])
    assert "rather than" not in choice_line(same, same.files[0])


# -- large releases


MANY = {f"build{number}": CUDA12 | {"x86_64": {"level": [f"v{number}"]}} for number in range(300)}
LARGE = metadata({"old": CUDA12, **MANY, "null": {}}, namespaces=["nvidia", "x86_64"])
LEVELS = {"x86_64": {"level": [f"v{number}" for number in range(300)]}}
NVIDIA = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}


def test_of_a_large_release_a_line_names_a_few_labels_and_how_many_more() -> None:
    wheels = release("any-old.whl", *(f"any-{label}.whl" for label in MANY), "any-null.whl")
    fitting = selected(wheels, Target.from_properties(NVIDIA | LEVELS), LARGE)
    line = choice_line(fitting, fitting.files[0])
    assert line.endswith("; fits as well: build1, build2, build3, build4 and 297 more)")
    null = selected(wheels, Target.from_properties(LEVELS), LARGE)
    (taken,) = null.files
    line = choice_line(null, taken)
    assert "supports none of " in line
    assert line.endswith(" and 297 more)")


def test_of_a_large_release_a_warning_gives_a_few_reasons_and_how_many_more() -> None:
    wheels = release(*(f"any-{label}.whl" for label in MANY))
    selection = selected(wheels, NO_GPU, LARGE)
    assert nothing_fits_line(selection).endswith(" And 297 more.")
    taken = selected(wheels, Target.from_properties(NVIDIA), LARGE, take=["build*"])
    assert taken.unmet is not None
    assert str(taken.unmet).endswith(" And 296 more.")
    aside = selected(wheels, GPU, OSError("gone"))
    assert "build0, build1, build2, build3 and 296 more on index: gone" in aside.problems[0]
