from __future__ import annotations

import warnings

import pytest
from variantsel_providers import tpu
from variantsel_providers.feature import VariantFeatureConfig
from variantsel_providers.notices import ProviderWarning

VARIABLE = "TPU_VARIANT_PROVIDER_FORCE_PRESENT"
PRESENT = [VariantFeatureConfig("present", ["true"], False)]
ABSENT = [VariantFeatureConfig("present", ["false"], False)]


@pytest.fixture(autouse=True)
def _no_override(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def machine(root, *devices):
    """A machine with those (vendor, model) on its PCI bus."""
    for number, (vendor, model) in enumerate(devices):
        folder = root / f"sys/bus/pci/devices/0000:00:{number:02x}.0"
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(f"{vendor}\n")
        (folder / "device").write_text(f"{model}\n")
    return root


@pytest.mark.parametrize(
    "model",
    ["0x0027", "0x0056", "0x005e", "0x0062", "0x0063", "0x006f", "0x0076", "0x007c", "0x0083"],
)
def test_tpu_of_every_generation_is_present(tmp_path, model):
    root = machine(tmp_path, ("0x8086", "0x1237"), ("0x1ae0", model))
    assert tpu.get_supported_configs(root=root) == PRESENT


@pytest.mark.parametrize(
    "devices",
    [
        (),
        # Google's network and storage devices, which its cloud's machines have.
        (("0x1ae0", "0x0042"), ("0x1ae0", "0x001f")),
        (("0x10de", "0x0063"),),
    ],
)
def test_machine_without_a_tpu_says_so(tmp_path, devices):
    assert tpu.get_supported_configs(root=machine(tmp_path, *devices)) == ABSENT


def test_device_that_vanishes_is_passed_over(tmp_path):
    root = machine(tmp_path, ("0x1ae0", "0x0063"), ("0x1ae0", "0x0062"))
    (root / "sys/bus/pci/devices/0000:00:00.0/device").unlink()
    assert tpu.get_supported_configs(root=root) == PRESENT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, PRESENT) for value in ("1", "true", "TRUE", "yes", "Yes")),
        *((value, ABSENT) for value in ("0", "false", "no", "")),
    ],
)
def test_override_stands_in_for_the_machine(tmp_path, monkeypatch, value, expected):
    monkeypatch.setenv(VARIABLE, value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tpu.get_supported_configs(root=machine(tmp_path, ("0x1ae0", "0x0063"))) == expected


def test_override_of_other_words_counts_as_no_and_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    with pytest.warns(ProviderWarning, match="is 'on', expected 1 or 0"):
        assert tpu.get_supported_configs(root=machine(tmp_path, ("0x1ae0", "0x0063"))) == ABSENT


def test_all_configs_hold_both_answers():
    (config,) = tpu.get_all_configs()
    assert (config.name, config.values, config.multi_value) == ("present", ["true", "false"], False)
