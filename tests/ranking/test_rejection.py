"""The sentence a user reads for each kind of rejection."""

from __future__ import annotations

from typing import Any

import pytest

from variantsel import Rejection, RejectionKind, Target, rank
from variantsel.ranking.rejection import skipped_for_abi
from variantsel.targets.target import StaticProperties

SCHEMAS = "https://variants-schema.wheelnext.dev/"
VARIANT = {"acme": {"level": ["7", "8"]}}


def reason(
    provider: dict[str, Any] | None,
    target: Target,
    *,
    version: str = "0.2.0",
    variant: Any = None,
) -> Rejection:
    """Why the one variant of a release is rejected."""
    metadata = {
        "$schema": f"{SCHEMAS}v{version}.json",
        "default-priorities": {"namespace": ["acme"]},
        "providers": {} if provider is None else {"acme": provider},
        "variants": {"v": variant or VARIANT},
    }
    return rank(metadata, target).rejected["v"]


ASKED = {"requires": ["acme-provider"]}


def test_a_value_is_rejected_with_those_that_are_supported() -> None:
    found = reason(ASKED, Target.from_properties({"acme": {"level": ["3", "2", "1"]}}))
    assert found.kind is RejectionKind.VALUE
    assert found.wanted == ("7", "8")
    assert found.supported == ("3", "2", "1")
    assert str(found) == ("needs acme :: level :: 7 or 8, but the machine supports 3, 2 and 1.")


def test_a_feature_is_rejected_by_name() -> None:
    found = reason(ASKED, Target.from_properties({"acme": {"size": ["1"]}}))
    assert found.kind is RejectionKind.FEATURE
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but the machine supports no value of acme :: level."
    )


def test_a_namespace_is_rejected_by_name() -> None:
    found = reason(ASKED, Target.from_properties({}))
    assert found.kind is RejectionKind.NAMESPACE
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but the machine supports nothing in acme."
    )


def test_a_namespace_is_rejected_with_what_its_provider_reported() -> None:
    found = Rejection(
        RejectionKind.NAMESPACE, "nvidia", "sm_arch", ("90_real",), detail="no driver answers"
    )
    assert str(found) == (
        "needs nvidia :: sm_arch :: 90_real, but the machine supports nothing in nvidia "
        "(no driver answers)."
    )


def test_a_false_enable_if_is_shown() -> None:
    target = Target("t", StaticProperties({}), environment={"platform_machine": "aarch64"})
    marker = "platform_machine == 'x86_64'"
    found = reason({**ASKED, "enable-if": marker}, target, version="0.0.3")
    assert found.kind is RejectionKind.ENABLE_IF
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but the package uses acme only where "
        "platform_machine == 'x86_64'."
    )


def test_an_optional_provider_is_rejected_with_how_to_enable_it() -> None:
    found = reason({**ASKED, "optional": True}, Target.from_properties({}))
    assert found.kind is RejectionKind.OPTIONAL
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but the provider of acme is optional and not enabled "
        "(enable it by name: acme)."
    )


def test_a_namespace_without_provider_is_the_metadatas_fault() -> None:
    found = reason(None, Target.from_properties({}))
    assert found.kind is RejectionKind.NO_PROVIDER
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but the package's metadata names no provider for acme."
    )


def test_an_untrusted_provider_is_named_with_what_to_do_instead() -> None:
    found = reason(ASKED, Target.host())
    assert found.kind is RejectionKind.UNTRUSTED
    assert found.detail == "acme-provider"
    assert str(found) == (
        "needs acme :: level :: 7 or 8, but what the machine supports in acme only the package "
        "'acme-provider' could say, which is not part of variantsel and is not trusted: "
        "'variantsel trust acme-provider' shows what would run and asks."
    )


def test_a_namespace_without_a_place_in_the_order_is_the_metadatas_fault() -> None:
    found = reason(ASKED, Target.from_properties({}), variant={"blue": {"f": ["x"]}})
    assert found.kind is RejectionKind.UNLISTED
    assert str(found) == (
        "needs blue :: f :: x, but the package's metadata gives blue no place in "
        "default-priorities.namespace."
    )


def test_an_abi_dependency_is_said_to_be_unresolved() -> None:
    variant = {"abi_dependency": {"torch": ["2.9"]}}
    found = reason(ASKED, Target.from_properties({}), variant=variant)
    assert found.kind is RejectionKind.ABI_DEPENDENCY
    assert str(found) == (
        "needs abi_dependency :: torch :: 2.9, but variantsel does not resolve the reserved "
        "namespace abi_dependency."
    )


def test_what_is_skipped_for_other_packages_is_said_in_one_sentence() -> None:
    labels = [f"l{number}" for number in range(9)]
    built_for = dict.fromkeys(labels, Rejection(RejectionKind.ABI_DEPENDENCY, "n", "torch", ("2",)))
    other = {"o": Rejection(RejectionKind.VALUE, "n", "f", ("w",))}
    assert skipped_for_abi(other) == ""
    assert skipped_for_abi({**built_for, **other}) == (
        "skipped l0, l1, l2, l3 and 5 more, built for certain versions of torch (abi_dependency), "
        "which variantsel does not check"
    )


@pytest.mark.parametrize("kind", RejectionKind)
def test_every_kind_makes_one_sentence(kind: RejectionKind) -> None:
    text = str(Rejection(kind, "n", "f", ("w",), ("s",), "detail"))
    assert text.startswith("needs n :: f :: w, but ")
    assert text.endswith(".")
    assert text.count(".") - text.count("priorities.namespace") == 1


def test_long_lists_are_cut_in_the_middle() -> None:
    values = tuple(map(str, range(100)))
    text = str(Rejection(RejectionKind.VALUE, "n", "f", values, values))
    assert text == (
        "needs n :: f :: 0, 1, 2, 3, … or 99, but the machine supports 0, 1, 2, 3, … and 99."
    )


def test_lists_of_six_are_shown_in_full() -> None:
    values = tuple(map(str, range(6)))
    text = str(Rejection(RejectionKind.VALUE, "n", "f", values, ("9",)))
    assert text == "needs n :: f :: 0, 1, 2, 3, 4 or 5, but the machine supports 9."


def test_rejections_are_sorted_by_label() -> None:
    metadata = {
        "$schema": f"{SCHEMAS}peps/825/v0.1.1.json",
        "default-priorities": {"namespace": ["acme"]},
        "variants": dict.fromkeys(("zz", "a", "m", "10", "9"), VARIANT),
    }
    ranking = rank(metadata, Target.from_properties({}))
    assert list(ranking.rejected) == ["10", "9", "a", "m", "zz"]
