"""The template of providers, tested the way yours would be: on machines made of a few files."""

from __future__ import annotations

import importlib.util
import warnings

import pytest
from support.repository import REPOSITORY
from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning

# Yours is a package and simply imported; the template is only a file.
_SPEC = importlib.util.spec_from_file_location(
    "npu_provider", REPOSITORY / "providers" / "provider-template" / "npu_provider.py"
)
npu = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(npu)


def machine(root, generation):
    file = root / "sys/class/npu/generation"
    file.parent.mkdir(parents=True)
    file.write_text(generation, encoding="latin-1")
    return root


@pytest.mark.parametrize(
    ("generation", "values"),
    [("gen3\n", ["gen3", "gen2", "gen1"]), ("gen2", ["gen2", "gen1"]), ("gen1", ["gen1"])],
)
def test_generation_supports_itself_and_those_before(tmp_path, generation, values):
    configs = npu.get_supported_configs(root=machine(tmp_path, generation))
    assert configs == [VariantFeatureConfig("generation", values, False)]


def test_machine_without_the_hardware_is_answered_without_a_word(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert npu.get_supported_configs(root=tmp_path) == []


@pytest.mark.parametrize("generation", ["", "gen9", "\xff"])
def test_what_cannot_be_read_is_a_warning(tmp_path, generation):
    with pytest.warns(ProviderWarning, match="generation"):
        assert npu.get_supported_configs(root=machine(tmp_path, generation)) == []


def test_all_configs_hold_what_any_machine_supports():
    (everything,) = npu.get_all_configs()
    assert npu.supported_configs(everything.values[0]) == [everything]
