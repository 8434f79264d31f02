"""``variantsel demo``: the whole journey on an index of its own, offline.

Builds a package with variants for NVIDIA GPUs and for CPUs, serves it on 127.0.0.1, and lets pip
with the plugin install it for this machine and download it for a Grace Hopper machine.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from variantsel.python_process import importing_variantsel, run_python

__all__ = ["main"]

PROJECT, VERSION = "variant_demo", "1.0"
VARIANTS: dict[str, dict[str, dict[str, list[str]]]] = {
    "cuda13": {
        "nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real", "100_real"]}
    },
    "cuda12": {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real", "90_real"]}},
    "x86_64_v4": {"x86_64": {"level": ["v4"]}},
    "x86_64_v3": {"x86_64": {"level": ["v3"]}},
    "aarch64_8.2a": {"aarch64": {"version": ["8.2a"]}},
    "null": {},
}
METADATA: dict[str, Any] = {
    "$schema": "https://variants-schema.wheelnext.dev/v0.2.0.json",
    "default-priorities": {"namespace": ["nvidia", "x86_64", "aarch64"]},
    "providers": {
        "nvidia": {"requires": ["nvidia-variant-provider"]},
        "x86_64": {"requires": ["provider-variant-x86-64"]},
        "aarch64": {"requires": ["provider-variant-aarch64"]},
    },
}
LABELS_BY_PLATFORM = {
    "manylinux_2_28_x86_64": ["cuda13", "cuda12", "x86_64_v4", "x86_64_v3", "null"],
    "manylinux_2_28_aarch64": ["cuda13", "cuda12", "aarch64_8.2a", "null"],
    "any": ["null"],
}


def main() -> int:
    """Run the demonstration, printing every command with what it says; returns its exit status."""
    with tempfile.TemporaryDirectory(prefix="variantsel-demo-") as name:
        folder = Path(name)
        _write_index(folder / "index")
        handler = functools.partial(_QuietHandler, directory=str(folder / "index"))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                return _run(folder, f"http://127.0.0.1:{server.server_port}/")
            finally:
                server.shutdown()


def _run(folder: Path, url: str) -> int:
    project = PROJECT.replace("_", "-")
    metadata = folder / "index" / project / f"{PROJECT}-{VERSION}-variants.json"
    for_this = ("install", "--index-url", url, "--target", str(folder / "here"), project)
    for_gh200 = (
        *("--target", "gh200", "download", "--python-version", "3.12"),
        *("--index-url", url, "--dest", str(folder / "gh200"), project),
    )
    steps: list[tuple[str, Sequence[str]]] = [
        ("What this machine supports", ("detect",)),
        ("How the variants rank for it", ("rank", str(metadata))),
        ("Install for this machine", ("pip", *for_this)),
        ("Download for a Grace Hopper machine, from here", ("pip", *for_gh200)),
    ]
    for title, arguments in steps:
        shown = [Path(word).name if word.startswith(str(folder)) else word for word in arguments]
        print(f"\n# {title}\n$ variantsel {' '.join(shown)}", flush=True)
        environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
        environment["VARIANTSEL_CONFIG"] = os.devnull
        command = importing_variantsel(
            "from variantsel.cli import main\nsys.exit(main())", *arguments
        )
        status = run_python(
            command, folder=str(folder), env=environment, capture_output=False
        ).returncode
        if status:
            return status
    installed = json.loads(
        (folder / "here" / f"{PROJECT}-{VERSION}.dist-info" / "variant.json").read_text()
    )
    (downloaded,) = (folder / "gh200").iterdir()
    print(f"\nInstalled here: {', '.join(installed['variants'])}. For gh200: {downloaded.name}.")
    return 0


def _write_index(folder: Path) -> None:
    project = folder / PROJECT.replace("_", "-")
    project.mkdir(parents=True)
    for platform, labels in LABELS_BY_PLATFORM.items():
        for label in labels:
            _write_wheel(project, platform, label)
    (project / f"{PROJECT}-{VERSION}-variants.json").write_text(
        json.dumps({**METADATA, "variants": VARIANTS})
    )
    links = "".join(f'<a href="{path.name}">{path.name}</a><br>\n' for path in project.iterdir())
    (project / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")


def _write_wheel(folder: Path, platform: str, label: str) -> None:
    info = f"{PROJECT}-{VERSION}.dist-info"
    own = {**METADATA, "variants": {label: VARIANTS[label]}}
    files = {
        f"{PROJECT}.py": f"LABEL = {label!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: variantsel.cli.demo_index\n"
        f"Root-Is-Purelib: true\nTag: py3-none-{platform}\n",
        f"{info}/variant.json": json.dumps(own),
    }
    record = ""
    path = folder / f"{PROJECT}-{VERSION}-py3-none-{platform}-{label}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            record += f"{name},sha256={digest.decode()},{len(text.encode())}\n"
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass
