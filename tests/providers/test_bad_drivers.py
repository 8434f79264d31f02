"""Drivers that crash, hang or take their time: asked as pip asks, in a process of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from variantsel.provider_host.host import ProviderAnswer, ask_provider

NVML = ("nvidia", "nvml_stub.c", "libnvidia-ml.so.1", "NVML_STUB_INVENTORY")
LEVEL_ZERO = ("intel", "ze_stub.c", "libze_loader.so.1", "ZE_STUB_INVENTORY")


@pytest.fixture
def ask(
    build_stub: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ProviderAnswer]:
    def ask(driver: tuple[str, str, str, str], inventory: str, limit: float) -> ProviderAnswer:
        namespace, source, library, variable = driver
        (tmp_path / "inventory").write_text(f"{inventory}\n")
        monkeypatch.setenv(variable, str(tmp_path / "inventory"))
        monkeypatch.setenv("LD_LIBRARY_PATH", str(build_stub(source, library)))
        return ask_provider(namespace, time_limit=limit)

    return ask


@pytest.mark.parametrize("driver", [NVML, LEVEL_ZERO], ids=lambda driver: driver[0])
def test_driver_that_crashes_is_a_notice(ask, driver):
    answer = ask(driver, "crash 1", limit=30)
    assert answer.features == {}
    (notice,) = answer.notices
    assert notice.startswith(f"The {driver[0]} provider was ended by signal 6, so {driver[0]}")


@pytest.mark.parametrize(
    ("driver", "inventory"),
    [(NVML, "delay_ms 60000"), (LEVEL_ZERO, "hang 60")],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_driver_that_hangs_is_ended(ask, driver, inventory):
    started = time.monotonic()
    answer = ask(driver, inventory, limit=1)
    assert time.monotonic() - started < 10
    assert answer.features == {}
    (notice,) = answer.notices
    assert f"The {driver[0]} provider did not answer within 1 s" in notice


@pytest.mark.parametrize(
    ("driver", "inventory", "feature", "value"),
    [
        (NVML, "delay_ms 1500\ncuda_v2 12080\ngpu 9 0", "sm_arch", "90_real"),
        (LEVEL_ZERO, "hang 1\ndriver 0\ngpu 0x8086 0x5004000", "device_ip", "20.1.0"),
    ],
    ids=["nvidia", "intel"],
)
def test_driver_that_takes_its_time_is_waited_for(ask, driver, inventory, feature, value):
    answer = ask(driver, inventory, limit=30)
    assert answer.features[feature][0] == value
    assert answer.notices == ()
