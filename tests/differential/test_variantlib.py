"""The order and the rejections of variantlib, a peer written from the same drafts, are ours too."""

from __future__ import annotations

from pathlib import Path

import pytest
from variantlib.api import get_variants_by_priority
from variantlib.configuration import get_configuration_files
from variantlib.models.variant import VariantDescription, VariantProperty
from variantlib.resolver.lib import sort_and_filter_supported_variants
from variantlib.variants_json import VariantsJson

import variantsel

from .random_metadata import SEED, Case, random_cases

STATIC_CASES = 1000
PLUGIN_CASES = 1000


@pytest.fixture(autouse=True)
def no_variantlib_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """variantlib reads preferences from ``variants.toml`` in these places."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    get_configuration_files.cache_clear()


def test_static_properties_rank_as_in_variantlib() -> None:
    nobody = variantsel.Target.from_properties({})
    for case in random_cases(SEED, STATIC_CASES):
        metadata = case.static_metadata()
        peer = get_variants_by_priority(variants_json=metadata)
        check_same(case, variantsel.rank(metadata, nobody), peer)


def test_what_a_machine_supports_ranks_as_in_variantlib() -> None:
    for case in random_cases(SEED + 1, PLUGIN_CASES):
        metadata = case.plugin_metadata()
        machine = variantsel.Target.from_properties(case.supported)
        variants_json = VariantsJson(metadata)
        supported = [
            VariantProperty(namespace, feature, value)
            for namespace, features in case.supported.items()
            for feature, values in features.items()
            for value in values
        ]
        peer = sort_and_filter_supported_variants(
            list(variants_json.variants.values()), supported, variants_json.namespace_priorities
        )
        check_same(case, variantsel.rank(metadata, machine), peer)


def check_same(case: Case, ranking: variantsel.Ranking, peer: list[VariantDescription]) -> None:
    """Compare an answer of each.

    Two habits of variantlib are no part of the order. It adds a null variant to a release that has
    none. It supports ``abi_dependency`` for whatever is installed, which no case uses.
    """
    labels = [variant.label for variant in peer if variant.label in case.variants]
    assert ranking.labels == labels, str(case)
    assert set(ranking.rejected) == set(case.variants).difference(labels), str(case)
