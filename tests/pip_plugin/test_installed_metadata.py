"""The METADATA that an install leaves behind: what is rewritten of it, and when it is there."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import signal
from pathlib import Path

import pytest
from support.environments import Environment
from support.wheels import metadata, write_wheel

DOCUMENT = metadata({"null": {}}, namespaces=["nvidia"])
PLAIN = {"VARIANTSEL": "0"}


def wheel_with(folder: Path, name: str, text: str) -> Path:
    """A null variant with the given METADATA behind its name and version."""
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    return write_wheel(
        folder,
        *(name, "1.0"),
        label="null",
        variant_json=DOCUMENT,
        extra_files={"{info}/METADATA": head.replace("\n", newline) + text},
    )


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ("requires-dist: missing ; variant_label != 'null'\n", ""),
        ("REQUIRES-DIST:missing;variant_label!='null'\n", ""),
        ("Requires-Dist: missing ;\n  variant_label != 'null'\n", ""),
        (
            "Requires-Dist: missing ;\n\tvariant_label != 'null'\nSummary: a\n b\n",
            "Summary: a\n b\n",
        ),
        (
            "Requires-Dist: missing\n ; variant_label == 'null' and\n  os_name == 'none'\n",
            "Requires-Dist: missing ; os_name == 'none'\n",
        ),
        ("Requires-Dist: missing ; variant_label != 'null'\r\nSummary: a\r\n", "Summary: a\r\n"),
    ],
    ids=["lower-case", "upper-case", "folded", "folded-by-tab", "folded-thrice", "crlf"],
)
@pytest.mark.parametrize(
    "description", ["", "variant_label\nRequires-Dist: b; variant_label!='null'\n"]
)
def test_every_header_that_pip_reads_is_resolved_and_nothing_else(
    environment: Environment, tmp_path: Path, headers: str, left: str, description: str
) -> None:
    newline = "\r\n" if "\r\n" in headers else "\n"
    description = newline + description.replace("\n", newline)
    wheel = wheel_with(tmp_path, "headers", headers + description)
    result = environment.pip("install", "--no-index", str(wheel))
    try:
        assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
        info = environment.site_packages / "headers-1.0.dist-info"
        text = (info / "METADATA").read_bytes().decode()
        assert text.partition(f"Version: 1.0{newline}")[2] == left + description
        checked = environment.pip("check", variables=PLAIN)
        assert "headers" not in checked.stdout + checked.stderr
        check_record(info)
    finally:
        environment.remove("headers")


def check_record(info: Path) -> None:
    content = (info / "METADATA").read_bytes()
    assert row_of_metadata(info) == [
        f"{info.name}/METADATA",
        record_hash(content),
        str(len(content)),
    ]


def row_of_metadata(info: Path) -> list[str]:
    with (info / "RECORD").open(newline="") as file:
        (row,) = [row for row in csv.reader(file) if row[0] == f"{info.name}/METADATA"]
    return row


def record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


OBSERVER = """\
import json, os, signal, sys
INFO, LOG, KILL_WHEN = os.environ["OBSERVED"], os.environ["LOG"], os.environ.get("KILL_WHEN")
last = None

def read(name):
    try:
        with open(os.path.join(INFO, name), "rb") as file:
            return file.read().decode()
    except FileNotFoundError:
        return None

def observe(frame, event, function):
    global last
    if not event.startswith("c_"):
        return
    found = [read("METADATA"), read("RECORD")]
    if found != last:
        last = found
        with open(LOG, "a") as log:
            log.write(json.dumps(found) + "\\n")
        if KILL_WHEN is not None and [text is not None for text in found] == json.loads(KILL_WHEN):
            os.kill(os.getpid(), signal.SIGKILL)

def begin(event, arguments):
    if event in ("os.mkdir", "open") and str(arguments[0]).startswith(INFO):
        if sys.getprofile() is None:
            sys.setprofile(observe)

sys.addaudithook(begin)
"""
"""What a kill would leave, looked at on disk around everything that pip calls."""


@pytest.fixture
def observed(environment: Environment, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "observer").mkdir()
    (tmp_path / "observer" / "sitecustomize.py").write_text(OBSERVER)
    return {
        "PYTHONPATH": str(tmp_path / "observer"),
        "OBSERVED": str(environment.site_packages / "killed-1.0.dist-info"),
        "LOG": str(tmp_path / "log"),
    }


@pytest.mark.parametrize("record_first", [False, True], ids=["record-last", "record-first"])
def test_record_has_the_hash_of_the_metadata_that_is_there_wherever_pip_is_killed(
    environment: Environment, tmp_path: Path, observed: dict[str, str], record_first: bool
) -> None:
    wheel = wheel_with(tmp_path, "killed", "Requires-Dist: a; variant_label != 'null'\n")
    if record_first:
        _with_record_first(wheel)
    result = environment.pip("install", "--no-index", str(wheel), variables=observed)
    try:
        assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
        check_record(Path(observed["OBSERVED"]))
    finally:
        environment.remove("killed")
    states = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(states) >= 4  # neither, one of them, both, and the RECORD of the installation
    assert {metadata for metadata, _ in states} == {
        None,
        "Metadata-Version: 2.1\nName: killed\nVersion: 1.0\n",
    }
    for content, record in states:
        if content is not None and record is not None:
            rows = {row[0]: row[1] for row in csv.reader(record.splitlines())}
            assert rows["killed-1.0.dist-info/METADATA"] == record_hash(content.encode())


def test_a_killed_install_leaves_what_can_be_uninstalled_by_any_pip(
    environment: Environment, tmp_path: Path, observed: dict[str, str]
) -> None:
    wheel = wheel_with(tmp_path, "killed", "Requires-Dist: a; variant_label != 'null'\n")
    observed["KILL_WHEN"] = "[true, true]"
    killed = environment.pip("install", "--no-index", str(wheel), variables=observed)
    assert killed.returncode == -signal.SIGKILL
    check_record(Path(observed["OBSERVED"]))
    removed = environment.pip("uninstall", "--yes", "killed", variables=PLAIN)
    assert removed.returncode == 0, removed.stderr
    assert not Path(observed["OBSERVED"]).exists()


def _with_record_first(wheel: Path) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in sorted(files, key=lambda name: not name.endswith("/RECORD")):
            archive.writestr(name, files[name])
