"""Do what the recipe for a container image in docs/other-machines.md says, without a container.

Runs outside the userland. Its shell commands are run as they stand, with an index of this script's
own behind them, except for docker's; what the Dockerfile says is done to the userland instead.

usage: recipe.py ROOT    (the userland's folder; /tmp/recipe.sh in it is then the image's command)
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from support.documents import recipe  # noqa: E402
from support.index_server import Index, serve  # noqa: E402
from support.wheels import metadata, write_wheel  # noqa: E402

DOCUMENT = REPOSITORY / "docs" / "other-machines.md"
CUDA = {
    "cuda12.8": {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["100_real"]}},
    "cuda12.6": {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["90_real"]}},
    "null": {},
}
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_28_x86_64")


def main(root: Path) -> None:
    """Fill a folder by the recipe's commands, and put it where the Dockerfile says."""
    context = root.parent / "recipe"
    context.mkdir()
    for name in ("requirements.txt", "Dockerfile"):
        (context / name).write_text(recipe(DOCUMENT, name))
    with serve(Index(_write_index(root.parent / "index"))) as index:
        for command in recipe(DOCUMENT, "image").splitlines():
            if command.startswith("docker "):
                _build(root, context, command)
            else:
                print(f"$ {command}", flush=True)
                environment = {
                    **os.environ,
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "PIP_CONFIG_FILE": os.devnull,
                    "PIP_INDEX_URL": index.url,
                    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                }
                subprocess.run(command, shell=True, cwd=context, env=environment, check=True)


def _write_index(folder: Path) -> Path:
    document = metadata(CUDA, namespaces=["nvidia"])
    for label in CUDA:
        for platform in PLATFORMS:
            write_wheel(
                folder / "torch",
                *("torch", "2.10.0"),
                label=label,
                variant_json=document,
                tag=f"cp311-cp311-{platform}",
                module=f"__version__ = '2.10.0+{label}'\nPLATFORM = {platform!r}\n",
                requires=["sympy; platform_machine == 'aarch64'"],
            )
    (folder / "torch" / "torch-2.10.0-variants.json").write_text(json.dumps(document))
    write_wheel(folder / "sympy", "sympy", "1.0")
    return folder


def _build(root: Path, context: Path, command: str) -> None:
    """What ``docker buildx build`` would do with this Dockerfile."""
    assert shlex.split(command)[:5] == ["docker", "buildx", "build", "--platform", "linux/arm64"]
    script = "set -e\n"
    for line in (context / "Dockerfile").read_text().splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            assert rest == "python:3.11-slim-bookworm"  # the userland's suite and Python
        elif instruction == "COPY":
            source, destination = rest.split()
            shutil.copytree(context / source, root / destination.lstrip("/"))
        elif instruction == "ENV":
            script += f"export {rest}\n"
        elif instruction == "CMD":
            script += f"exec {shlex.join(json.loads(rest))}\n"
        else:
            raise SystemExit(f"{instruction}: the recipe does not use it")
    (root / "tmp" / "recipe.sh").write_text(script)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
