"""The recipe for clusters in docs/other-machines.md, typed as it stands.

Slurm is a script here that gives each partition another GPU; the rest is real.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.documents import recipe
from support.environments import INHERITED
from support.repository import REPOSITORY
from support.wheels import metadata, write_release

DOCUMENT = REPOSITORY / "docs" / "other-machines.md"
SRUN = """\
#!/bin/sh
case "$2" in
    hopper) export NV_VARIANT_PROVIDER_FORCE_SM_ARCH=9.0 ;;
    blackwell) export NV_VARIANT_PROVIDER_FORCE_SM_ARCH=10.0 ;;
    cpu) export NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION=1.0 ;;
esac
export XDG_CACHE_HOME="$HOME/$2"
shift 6
exec "$@"
"""
RELEASE = metadata(
    {
        "hopper": {"nvidia": {"sm_arch": ["90_real"]}},
        "blackwell": {"nvidia": {"sm_arch": ["100_real"]}},
        "null": {},
    },
    namespaces=["nvidia"],
)


def test_each_kind_of_node_gets_its_own_folder(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "srun": SRUN,
        "variantsel": f'#!/bin/sh\nexec {sys.executable} -m variantsel "$@"\n',
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    wheels = write_release(tmp_path / "wheels", "gpu", "1.0", RELEASE)
    (tmp_path / "nodes").mkdir()
    (tmp_path / "requirements.txt").write_text("gpu\n")
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables |= {
        "HOME": str(tmp_path),
        "PATH": f"{programs}:{variables['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }

    for name in ("capture", "build"):
        done = subprocess.run(
            ["/bin/sh", "-euc", recipe(DOCUMENT, name)],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    labels = {path.parent.name: path.read_text() for path in tmp_path.glob("layers/*/gpu.py")}
    assert labels == {
        "hopper": "LABEL = 'hopper'\n",
        "blackwell": "LABEL = 'blackwell'\n",
        "cpu": "LABEL = 'null'\n",
    }
