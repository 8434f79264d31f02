from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from variantsel.pip_plugin.attach import is_supported_pip


def test_the_demonstration_shows_both_machines(tmp_path: Path) -> None:
    import pip

    if not is_supported_pip(pip.__version__):
        pytest.skip(f"the plugin does not know this environment's pip {pip.__version__}")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("VARIANTSEL_")
    }
    result = subprocess.run(
        [sys.executable, "-m", "variantsel", "demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "variant-demo 1.0: variant cuda12 (gh200@12.8 supports" in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last.startswith("Installed here: ")
    assert last.endswith("variant_demo-1.0-py3-none-manylinux_2_28_aarch64-cuda12.whl.")
