"""Variant markers become ordinary requirements for the wheel that was chosen."""

from __future__ import annotations

import itertools
import random

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from variantsel.formats.properties import VariantProperty
from variantsel.formats.variant_markers import (
    InvalidVariantMarker,
    VariantContext,
    resolve_requirement,
)

CUDA = VariantContext(
    "cuda12",
    (
        VariantProperty("nvidia", "cuda_version_lower_bound", "12.0"),
        VariantProperty("nvidia", "sm_arch", "90_real"),
        VariantProperty("blas", "library", "mkl"),
    ),
)
NULL = VariantContext("null")
PLAIN = VariantContext()


@pytest.mark.parametrize(
    ("marker", "cuda", "null", "plain"),
    [
        ('variant_label == "cuda12"', True, False, False),
        ('"cuda12" == variant_label', True, False, False),
        ('variant_label != "null"', True, False, True),
        ('variant_label == ""', False, False, True),
        ('variant_label in "cuda12 cuda13"', True, False, True),
        ('"cuda" in variant_label', True, False, False),
        ('"cuda" not in variant_label', False, True, True),
        ('"nvidia" in variant_namespaces', True, False, False),
        ('"nvidia" not in variant_namespaces', False, True, True),
        ('"nvidia :: sm_arch" in variant_features', True, False, False),
        ('"nvidia::sm_arch" in variant_features', True, False, False),
        ('"nvidia  ::sm_arch ::  90_real" in variant_properties', True, False, False),
        ('"nvidia :: sm_arch :: 80_real" in variant_properties', False, False, False),
        ("'blas' in variant_namespaces and variant_label == 'cuda12'", True, False, False),
        ("('blas' in variant_namespaces or variant_label == '')", True, False, True),
    ],
)
def test_a_marker_of_variant_variables_alone_is_decided(
    marker: str, cuda: bool, null: bool, plain: bool
) -> None:
    for context, expected in ((CUDA, cuda), (NULL, null), (PLAIN, plain)):
        assert resolve_requirement(f"dep>=1; {marker}", context) == ("dep>=1" if expected else None)


@pytest.mark.parametrize(
    ("requirement", "resolved"),
    [
        ("dep", "dep"),
        ("dep; python_version>'3'", "dep; python_version>'3'"),
        (
            "dep[x]>=1,<2 ; 'blas' in variant_namespaces and sys_platform == 'linux'",
            "dep[x]>=1,<2 ; sys_platform == 'linux'",
        ),
        ("dep; sys_platform == 'linux' or 'blas' in variant_namespaces", "dep"),
        (
            "dep; (os_name == 'a' or os_name == 'b') and 'blas' in variant_namespaces "
            "and python_version not  in '3.9'",
            "dep ; (os_name == 'a' or os_name == 'b') and python_version not in '3.9'",
        ),
        (
            "dep; extra == 'gpu' and variant_label == 'cuda12'",
            "dep ; extra == 'gpu'",
        ),
        (
            "dep @ https://h/a;b.whl ; variant_label == 'cuda12'",
            "dep @ https://h/a;b.whl",
        ),
    ],
)
def test_what_is_left_to_the_environment_stays(requirement: str, resolved: str) -> None:
    assert resolve_requirement(requirement, CUDA) == resolved
    Requirement(resolved)


@pytest.mark.parametrize(
    "marker",
    [
        "variant_label",
        "variant_label ==",
        "variant_label > 'a'",
        "variant_properties == 'a'",
        "variant_properties in 'a'",
        "'a' in variant_colours",
        "variant_label == variant_label",
        "variant_label == os_name",
        "(variant_label == 'a'",
        "variant_label == 'a') or os_name == 'b'",
        "variant_label == 'a' xor os_name == 'b'",
        "variant_label == 'a",
        "'a' == variant_features",
        "@ variant_label == 'a'",
    ],
)
def test_what_is_no_marker_is_refused(marker: str) -> None:
    with pytest.raises(InvalidVariantMarker):
        resolve_requirement(f"dep; {marker}", CUDA)


def test_a_folded_requirement_is_resolved_in_one_line() -> None:
    folded = "dep\n >=1 ;\r\n\tvariant_label == 'cuda12' and\n  os_name == 'posix'"
    assert resolve_requirement(folded, CUDA) == "dep >=1 ; os_name == 'posix'"
    assert resolve_requirement("dep ;\n os_name == 'posix'", CUDA) == "dep ;\n os_name == 'posix'"


@pytest.mark.parametrize(
    ("requirement", "head"),
    [
        ("a[b] @ https://h/a;b.whl ; variant_label == 'cuda12'", "a[b] @ https://h/a;b.whl"),
        ("a[b]@https://h/a;b.whl ; variant_label == 'cuda12'", "a[b]@https://h/a;b.whl"),
        ("a[b] >= 1; variant_label == 'cuda12'", "a[b] >= 1"),
        ("a[b;variant_label == 'cuda12'", "a[b"),
        ("a>='@';variant_label == 'cuda12'", "a>='@'"),
    ],
)
def test_a_marker_follows_a_semicolon_and_behind_a_url_a_space(requirement: str, head: str) -> None:
    assert resolve_requirement(requirement, CUDA) == head


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("(" * 32 + "variant_label == 'cuda12'" + ")" * 32, "dep"),
        ("(" * 33 + "variant_label == 'cuda12'" + ")" * 33, "nested more than 32 deep"),
        ("(" * 100_000 + "variant_label", "longer than 16384 characters"),
        ("variant_label == 'cuda12'" + " or variant_label == 'x'" * 1000, "longer than 16384"),
        ("variant_label == '" + "1" * 5000 + "'", "number of more than 100 digits"),
    ],
    ids=["deep", "too-deep", "far-too-deep", "too-long", "too-many-digits"],
)
def test_no_more_of_a_marker_is_read_than_the_limits(marker: str, expected: str) -> None:
    if expected == "dep":
        assert resolve_requirement(f"dep; {marker}", CUDA) == "dep"
        return
    with pytest.raises(InvalidVariantMarker, match=expected):
        resolve_requirement(f"dep; {marker}", CUDA)


def test_a_partly_resolved_marker_means_what_the_whole_did() -> None:
    """Random markers: resolving, then evaluating the rest, is evaluating the whole."""
    generator = random.Random(825)
    leaves = {
        "variant_label == 'cuda12'": True,
        "variant_label == 'null'": False,
        "'blas' in variant_namespaces": True,
        "'amd' in variant_namespaces": False,
        "os_name == 'posix'": None,
        "sys_platform == 'linux'": None,
        "python_version >= '3.0'": None,
    }
    environments = [
        {"os_name": os_name, "sys_platform": platform, "python_version": version}
        for os_name, platform, version in itertools.product(
            ("posix", "nt"), ("linux", "win32"), ("3.12", "2.7")
        )
    ]

    def expression(depth: int) -> str:
        if depth == 0 or generator.random() < 0.3:
            return generator.choice(list(leaves))
        operator = generator.choice((" and ", " or "))
        parts = [expression(depth - 1) for _ in range(generator.randint(2, 3))]
        return f"({operator.join(parts)})"

    for _ in range(2000):
        marker = expression(3)
        whole = marker
        for leaf, value in leaves.items():
            if value is not None:
                whole = whole.replace(leaf, "'a' == 'a'" if value else "'a' == 'b'")
        resolved = resolve_requirement(f"dep ; {marker}", CUDA)
        for environment in environments:
            python_like = whole
            for leaf, value in leaves.items():
                if value is None:
                    python_like = python_like.replace(leaf, str(Marker(leaf).evaluate(environment)))
            expected = eval(python_like)
            if resolved is None:
                assert expected is False, marker
            else:
                left = Requirement(resolved).marker
                assert (left is None or left.evaluate(environment)) is expected, marker
