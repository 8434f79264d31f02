"""What our TPU provider says of a machine, the one built into uv says too."""

from __future__ import annotations

from pathlib import Path

import pytest
from variantsel_providers import tpu

from .random_metadata import SCHEMA
from .uv_peer import publish, uv_selections

VARIABLE = "TPU_VARIANT_PROVIDER_FORCE_PRESENT"


@pytest.mark.filterwarnings("ignore:TPU_VARIANT_PROVIDER_FORCE_PRESENT is")
@pytest.mark.parametrize("forced", [None, "1", "0", "yes", "TRUE", "on", ""])
def test_answers_what_uv_does(
    forced: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    machine = {} if forced is None else {VARIABLE: forced}
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    release = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["tpu"]},
        "providers": {
            "tpu": {
                "requires": ["tpu-variant-provider"],
                "plugin-api": "tpu_variant_provider.plugin:TpuVariantPlugin",
            }
        },
        "variants": {value: {"tpu": {"present": [value]}} for value in ("true", "false")},
    }
    publish(tmp_path / "index", {"project": release})
    ((supported,),) = [config.values for config in tpu.get_supported_configs()]
    assert uv_selections(["project"], tmp_path / "index", machine) == {"project": supported}
