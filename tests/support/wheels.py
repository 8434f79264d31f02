"""Small real wheels, written by hand so that they can also be wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

EPOCH = (1980, 1, 1, 0, 0, 0)
SCHEMA = "https://variants-schema.wheelnext.dev/v0.2.0.json"
PLUGIN = {
    "nvidia": {"requires": ["nvidia-variant-provider>=0.0.2"]},
    "x86_64": {"requires": ["provider-variant-x86-64"]},
    "aarch64": {"requires": ["provider-variant-aarch64"]},
    "tpu": {"requires": ["tpu-variant-provider"]},
}


def metadata(
    variants: Mapping[str, Any],
    *,
    namespaces: Sequence[str] = ("nvidia", "x86_64", "aarch64"),
    providers: Mapping[str, Any] | None = None,
    schema: str = SCHEMA,
) -> dict[str, Any]:
    """A variants.json as an object."""
    chosen = {name: PLUGIN[name] for name in namespaces} if providers is None else providers
    return {
        "$schema": schema,
        "default-priorities": {"namespace": list(namespaces)},
        "providers": dict(chosen),
        "variants": dict(variants),
    }


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    label: str = "",
    variant_json: Any = None,
    tag: str = "py3-none-any",
    build: str = "",
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    module: str = "",
    extra_files: Mapping[str, str] | None = None,
) -> Path:
    """Write one wheel and return its path.

    :param extra_files: more files and what they hold; "{info}" and "{data}" in a path stand for
        the .dist-info and .data folders.
    :param variant_json: the object (or the raw text) of ``variant.json``; an object's variants
        are cut down to the label; ``None`` leaves the file out.
    """
    base = f"{name}-{version}{f'-{build}' if build else ''}-{tag}"
    info = f"{name}-{version}.dist-info"
    tags = "".join(f"Tag: {part}\n" for part in _expanded(tag))
    files = {
        f"{name}.py": module or f"LABEL = {label!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Provides-Extra: {extra}\n" for extra in extras)
        + "".join(f"Requires-Dist: {requirement}\n" for requirement in requires),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n{tags}",
    }
    for place, text in (extra_files or {}).items():
        files[place.format(info=info, data=f"{name}-{version}.data")] = text
    if isinstance(variant_json, str):
        files[f"{info}/variant.json"] = variant_json
    elif variant_json is not None:
        own = dict(variant_json, variants={label: variant_json["variants"].get(label, {})})
        files[f"{info}/variant.json"] = json.dumps(own)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{base}{f'-{label}' if label else ''}.whl"
    record = ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for arcname, text in files.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{arcname},sha256={digest},{len(data)}\n"
            archive.writestr(zipfile.ZipInfo(arcname, EPOCH), data)
        record += f"{info}/RECORD,,\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", EPOCH), record)
    return path


def write_release(
    folder: Path,
    name: str,
    version: str,
    document: Mapping[str, Any],
    *,
    with_index_metadata: bool = True,
    non_variant: bool = False,
    **options: Any,
) -> Path:
    """Write a wheel for every variant of a release, and its variants.json."""
    for label in document["variants"]:
        write_wheel(folder, name, version, label=label, variant_json=document, **options)
    if non_variant:
        write_wheel(folder, name, version, **options)
    if with_index_metadata:
        (folder / f"{name}-{version}-variants.json").write_text(json.dumps(document))
    return folder


def _expanded(tag: str) -> list[str]:
    pythons, abis, platforms = (part.split(".") for part in tag.split("-"))
    return [f"{p}-{a}-{pl}" for p in pythons for a in abis for pl in platforms]
