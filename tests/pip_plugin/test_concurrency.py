"""Several at once in one environment, and homes that cannot be written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.environments import Environment
from support.wheels import metadata, write_release

GPU = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}}
DOCUMENT = metadata({"cuda12": GPU, "null": {}}, namespaces=["nvidia"])
NAMES = ("together", "apart", "homeless")
MACHINE = {
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0",
}


def test_pips_at_once_and_one_without_a_home_install_their_variants(
    environment: Environment, tmp_path: Path
) -> None:
    for name in NAMES:
        write_release(tmp_path, name, "1.0", DOCUMENT)
    home = {"HOME": str(tmp_path / "home")}
    homes = {"together": home, "apart": home, "homeless": {"HOME": "/proc/nobody"}}

    def install(name: str) -> tuple[int, str]:
        options = ("install", "--no-index", "--find-links", str(tmp_path), name)
        result = environment.pip(*options, variables={**MACHINE, **homes[name]})
        return result.returncode, result.stderr

    try:
        with ThreadPoolExecutor(len(NAMES)) as pool:
            for code, complaints in pool.map(install, NAMES):
                assert (code, complaints) == (0, "")
        for name in NAMES:
            held = environment.site_packages / f"{name}-1.0.dist-info" / "variant.json"
            assert list(json.loads(held.read_text())["variants"]) == ["cuda12"]
    finally:
        environment.remove(*NAMES)
    answers = list((tmp_path / "home" / ".cache" / "variantsel").rglob("*.*"))
    assert [path.name for path in answers] == ["nvidia.json"]
    assert set(json.loads(answers[0].read_text())) == {"key", "answer"}


def test_activating_twice_at_once_leaves_the_hook_active(environment: Environment) -> None:
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(environment.run, "-m", "variantsel", "activate") for _ in range(3)]
    assert [future.result().returncode for future in running] == [0, 0, 0]
    status = environment.run("-m", "variantsel", "status", "--format", "json")
    assert json.loads(status.stdout)["active"]
    assert len(list(environment.site_packages.glob("variantsel.*"))) == 1
