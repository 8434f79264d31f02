"""``variantsel bridge check``: what bridges say, compared with local indexes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bridge_files import CUPY, JAX, ONNXRUNTIME, TORCH, write_bridges
from support.index_server import Index, serve, serve_folder, serve_silence
from support.wheels import write_wheel

from variantsel.cli import main

EVERYWHERE = {
    "linux-x86_64": "cp312-cp312-manylinux_2_28_x86_64",
    "linux-aarch64": "cp312-cp312-manylinux_2_28_aarch64",
    "windows-x86_64": "cp312-cp312-win_amd64",
}
LINUX = {name: tag for name, tag in EVERYWHERE.items() if name.startswith("linux")}
X86 = {"linux-x86_64": EVERYWHERE["linux-x86_64"]}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The default index, which pip is set to by a variable."""
    for variable in [name for name in os.environ if name.startswith(("VARIANTSEL", "XDG", "PIP_"))]:
        monkeypatch.delenv(variable)
    for name, folder in {"HOME": "home", "XDG_CACHE_HOME": "cache"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "default"
    folder.mkdir()
    with serve(Index(folder, json_pages=True, core_metadata=True)) as served:
        monkeypatch.setenv("PIP_INDEX_URL", served.url)
        yield served


def publish(
    folder: Path, name: str, version: str, tags: dict[str, str] = EVERYWHERE, **options: Any
) -> None:
    for tag in tags.values():
        write_wheel(folder / name.replace("_", "-"), name, version, tag=tag, **options)


UNSUFFIXED = CUPY.replace("cupy-cuda13x", "cupy-new").replace("cupy-cuda12x", "cupy-old")
"""Names that tell nothing of CUDA."""


def publish_cupy(index: Index) -> None:
    publish(index.folder, "cupy_cuda13x", "14.0", requires=["nvidia-nccl-cu13"])
    publish(index.folder, "cupy_cuda12x", "14.0", requires=["nvidia-nccl-cu12; os_name == 'posix'"])


def checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, *options: str
) -> tuple[int, list[tuple[str, str, str]], str]:
    """The exit code, the differences, and what was said beside them."""
    write_bridges(tmp_path, tmp_path / "home", **{name: text})
    code = main(["bridge", "check", name, "--format", "json", *options])
    captured = capsys.readouterr()
    (found,) = json.loads(captured.out)
    lines = text.splitlines()
    differences = []
    for difference in found["differences"]:
        assert lines[difference["line"] - 1] == f"[[{difference['row']}]]"
        differences.append((difference["row"], difference["said"], difference["found"]))
    return code, differences, captured.err


Capture = pytest.CaptureFixture[str]


def test_what_is_as_the_index_has_it_ends_with_0(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish_cupy(index)
    assert checked(tmp_path, capsys, "cupy", CUPY)[:2] == (0, [])
    main(["bridge", "check", "cupy"])
    assert capsys.readouterr().out == "cupy: as the indexes have it.\n"


def test_differences_are_shown_as_a_diff(index: Index, tmp_path: Path, capsys: Capture) -> None:
    publish_cupy(index)
    publish(index.folder, "cupy_cuda12x", "15.0", {**LINUX, "other": "cp312-cp312-win_arm64"})
    write_bridges(tmp_path, tmp_path / "home", cupy=CUPY)
    assert main(["bridge", "check", "cupy"]) == 1
    line = CUPY.splitlines().index('name = "cupy-cuda12x"') - 2
    assert capsys.readouterr().out.splitlines() == [
        "--- cupy.toml",
        f"+++ {index.url}",
        f"@@ line {line}: name, read 2026-11-25 @@",
        "-cupy-cuda12x on windows-x86_64",
        "+15.0 has no wheel for it",
        f"@@ line {line}: name, read 2026-11-25 @@",
        "+cupy-cuda12x 15.0 on windows-aarch64",
    ]


@pytest.mark.parametrize(
    ("published", "difference"),
    [
        ({}, ("name", "cupy-new", "no such project")),
        ({"14.0.dev1": {}}, ("name", "cupy-new", "no wheels")),
        ({"13.5": {}}, ("name", "cupy-new >=13.6", "newest is 13.5")),
        (
            {"14.0": {"requires": ["nvidia-nccl-cu14"]}},
            ("name", "cupy-new >=13.6: cuda13, cu13", "14.0: nvidia-nccl-cu14"),
        ),
        (
            {"14.0": {"requires": ["cuda-toolkit[cudart]==14.*"]}},
            (
                "name",
                "cupy-new >=13.6: cuda13, cu13",
                "14.0: cuda-toolkit[cudart]==14.*",
            ),
        ),
    ],
    ids=["no project", "pre-releases alone", "older versions alone", "a suffix", "the toolkit"],
)
def test_what_a_row_about_a_name_says_is_compared(
    index: Index,
    tmp_path: Path,
    capsys: Capture,
    published: dict[str, Any],
    difference: tuple[str, str, str],
) -> None:
    publish(index.folder, "cupy_old", "14.0")
    for version, options in published.items():
        publish(index.folder, "cupy_new", version, **options)
    code, differences, _ = checked(tmp_path, capsys, "cupy", UNSUFFIXED)
    assert (code, differences) == (1, [difference])


def test_a_project_of_which_there_are_only_sources_has_no_wheels(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish_cupy(index)
    for wheel in (index.folder / "cupy-cuda13x").iterdir():
        wheel.rename(wheel.with_name("cupy_cuda13x-14.0.tar.gz"))
    code, differences, _ = checked(tmp_path, capsys, "cupy", CUPY)
    assert (code, differences) == (1, [("name", "cupy-cuda13x", "no wheels")])


def test_the_meaning_of_versions_is_compared_with_what_they_require(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish(index.folder, "onnxruntime_gpu", "1.26.0", requires=["nvidia-cudnn-cu13"])
    publish(index.folder, "onnxruntime_gpu", "1.28.0", requires=["nvidia-cudnn-cu13"])
    publish(index.folder, "onnxruntime", "1.28.0")
    publish(index.folder, "onnxruntime_directml", "1.28.0")
    text = ONNXRUNTIME.replace('"]\nlabel = "cuda12"', '"]\nversions = "<1.27"\nlabel = "cuda12"')
    code, differences, _ = checked(tmp_path, capsys, "onnxruntime", text)
    assert code == 1
    assert differences == [
        ("default", "onnxruntime-gpu <1.27: cuda12, cu12", "1.26.0: nvidia-cudnn-cu13")
    ]


def test_a_newest_release_that_no_row_is_about_is_found(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    text = ONNXRUNTIME.replace('versions = ">=1.27"', 'versions = "==1.27.*"')
    text = text.replace(
        '[[default]]\nprojects = ["onnxruntime-gpu"]\nlabel = "cuda12"',
        '[[default]]\nprojects = ["onnxruntime-gpu"]\nversions = "<1.27"\nlabel = "cuda12"',
    )
    for version in ("1.26.0", "1.27.0", "1.28.0"):
        publish(index.folder, "onnxruntime_gpu", version)
    publish(index.folder, "onnxruntime", "1.28.0")
    publish(index.folder, "onnxruntime_directml", "1.28.0")
    code, differences, _ = checked(tmp_path, capsys, "onnxruntime", text)
    assert (code, differences) == (
        1,
        [
            (
                "default",
                "",
                "onnxruntime-gpu 1.28.0 on linux-aarch64, linux-x86_64, windows-x86_64",
            )
        ],
    )


def test_an_extra_that_is_gone_is_found(index: Index, tmp_path: Path, capsys: Capture) -> None:
    requires = [
        "jax-cuda13-plugin; extra == 'cuda13'",
        "jax-cuda12-plugin; extra == 'cuda12'",
        "jaxlib",
    ]
    extras = ["cuda12", "cuda13", "tpu"]
    publish(index.folder, "jax", "0.12", {"any": "py3-none-any"}, requires=requires, extras=extras)
    assert checked(tmp_path, capsys, "jax", JAX)[:2] == (0, [])
    publish(index.folder, "jax", "0.13", {"any": "py3-none-any"}, extras=["cuda13", "tpu"])
    for kept in (tmp_path / "cache" / "variantsel" / "pages").iterdir():
        os.utime(kept, (0, 0))
    code, differences, _ = checked(tmp_path, capsys, "jax", JAX)
    assert (code, differences) == (
        1,
        [("extra", "jax[cuda12]", "extras of 0.13: cuda13, tpu")],
    )


# an index with a page for each label


def publish_labels(folder: Path, builds: dict[str, list[str]], per_label: bool) -> None:
    """Write wheels of torch, on a page for each label or on one for all."""
    for label, versions in builds.items():
        for version in versions:
            tags = LINUX if label in ("cpu", "cu130", "cu132") else X86
            page = folder / label if per_label else folder
            publish(page, "torch", f"{version}+{label}", tags)


SMALL = TORCH.split('[[member]]\nproject = "torchvision"')[0]
SMALL = SMALL.replace('label = "cu132"\nplatforms = ["linux-x86_64", "windows-x86_64"]', "{}")
SMALL = SMALL.replace("{}", 'label = "cu132"\nplatforms = ["linux-x86_64"]')
LABELS = ("cu132", "cu130", "cu128", "cu126", "rocm7.2", "xpu", "cpu")


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("per_label", [True, False], ids=["pages", "one page"])
def test_the_pages_of_an_index_are_compared(
    tmp_path: Path, capsys: Capture, per_label: bool
) -> None:
    folder = tmp_path / "labels"
    builds = {label: ["2.15.0"] for label in LABELS if label != "cu128"}
    publish_labels(folder, builds, per_label)
    with serve_folder(folder) as served:
        text = SMALL.replace("https://download.example/whl/", served.url)
        text = text.replace("https://download.example/whl", served.url.rstrip("/"))
        code, differences, _ = checked(tmp_path, capsys, "torch", text)
    assert (code, differences) == (
        1,
        [("member", "torch on the page of cu128", "no wheels, or no such page")],
    )
    pages = {path for path in served.requests if path.endswith("/torch/")}
    assert len(pages) == (len(LABELS) + 1 if per_label else 1)


@pytest.mark.usefixtures("index")
def test_builds_of_the_latest_versions_that_no_row_is_about_are_found(
    tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "labels"
    builds = {label: ["2.15.0"] for label in LABELS}
    publish_labels(folder, {**builds, "cu134": ["2.15.0"], "cu102": ["1.9.0"]}, per_label=False)
    for minor in range(10, 15):
        publish(folder, "torch", f"2.{minor}.0+cpu", X86)
    publish(folder, "torch", "2.15.0+cu128", {"mac": "cp312-cp312-macosx_14_0_arm64"})
    with serve_folder(folder) as served:
        text = SMALL.replace("https://download.example/whl", served.url.rstrip("/"))
        code, differences, _ = checked(tmp_path, capsys, "torch", text)
    assert (code, differences) == (
        1,
        [
            ("member", "", "torch 2.15.0+cu128 on macos-aarch64"),
            ("member", "", "torch 2.15.0+cu134 (cu134)"),
        ],
    )


# the indexes themselves


def test_few_requests_are_made_and_none_twice(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish(index.folder, "cupy_new", "14.0")
    publish(index.folder, "cupy_old", "14.0")
    _, _, error = checked(tmp_path, capsys, "cupy", UNSUFFIXED)
    assert len(index.requests) == 4  # a page and what one wheel says of itself, of two names
    assert "note: 4 requests were made" in error
    _, _, error = checked(tmp_path, capsys, "cupy", UNSUFFIXED)
    assert len(index.requests) == 4
    assert "note: 0 requests were made" in error


def test_a_name_that_tells_its_cuda_is_not_asked_for_more(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish_cupy(index)
    text = CUPY.replace('toolkit = "cu12"', 'toolkit = "cu11"')
    code, differences, _ = checked(tmp_path, capsys, "cupy", text)
    assert (code, differences) == (
        1,
        [("name", "cupy-cuda12x: cuda12, cu11", "14.0: cupy-cuda12x")],
    )
    assert index.requests == ["GET /cupy-cuda13x/", "GET /cupy-cuda12x/"]


def test_what_a_wheel_says_is_read_out_of_it_where_it_is_not_beside_it(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    index.core_metadata, index.json_pages, index.ranges = False, False, True
    publish(index.folder, "cupy_new", "14.0", requires=["nvidia-nccl-cu13"])
    requires = ["nvidia-nccl-cu11; os_name == 'nt'", "nvidia-nccl-cu12; os_name == 'posix'"]
    publish(index.folder, "cupy_old", "14.0", requires=requires)
    assert checked(tmp_path, capsys, "cupy", UNSUFFIXED)[:2] == (0, [])
    text = UNSUFFIXED.replace('toolkit = "cu12"', 'toolkit = "cu11"')
    code, differences, _ = checked(tmp_path, capsys, "cupy", text)
    assert code == 1
    assert differences[0][2] == "14.0: nvidia-nccl-cu12; os_name == 'posix'"


def test_a_wheel_is_not_downloaded_for_what_it_says(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    index.core_metadata = False
    for name in ("cupy_new", "cupy_old"):
        publish(index.folder, name, "14.0", requires=["nvidia-nccl-cu11"])
    assert checked(tmp_path, capsys, "cupy", UNSUFFIXED)[:2] == (0, [])
    assert not [
        request for request in index.requests if request.endswith(".whl") and "GET" in request
    ]


def test_the_index_that_is_named_counts(index: Index, tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "other"
    other.mkdir()
    publish_cupy(index)
    with serve(Index(other)) as named:
        code, differences, _ = checked(
            tmp_path, capsys, "cupy", CUPY, "--index-url", named.url.rstrip("/")
        )
    assert (code, len(differences)) == (1, 2)
    assert index.requests == []


def test_the_index_of_pips_own_file_counts(
    index: Index, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_cupy(index)
    monkeypatch.delenv("PIP_INDEX_URL")
    file = tmp_path / "pip.conf"
    file.write_text(f"[global]\nindex-url = {index.url}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    assert checked(tmp_path, capsys, "cupy", CUPY)[0] == 0


def test_an_index_that_cannot_be_read_is_an_error_that_names_it(
    index: Index, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_cupy(index)
    monkeypatch.setenv("PIP_TIMEOUT", "0.2")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with serve_silence() as url:
        text = SMALL.replace("https://download.example/whl", url.rstrip("/"))
        code, differences, error = checked(tmp_path, capsys, "torch", text)
    assert code == 2
    assert f"error: {url}torch/ could not be read: " in error
    assert differences == []


def test_an_index_that_does_not_answer_is_asked_once(
    index: Index, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (index.folder / "torch").mkdir()
    monkeypatch.setenv("PIP_RETRIES", "0")
    text = TORCH.replace("https://download.example/whl", "http://127.0.0.1:9/whl")
    code, _, error = checked(tmp_path, capsys, "torch", text)
    assert code == 2
    assert error.count("could not be read") == 1
    assert "error: 127.0.0.1:9 did not answer: it is asked for no further page" in error


def test_a_password_is_used_and_not_shown(
    index: Index, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_cupy(index)
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("://", "://me:secret@"))
    write_bridges(tmp_path, tmp_path / "home", cupy=CUPY.replace('"cu12"', '"cu11"'))
    assert main(["bridge", "check", "cupy"]) == 1
    captured = capsys.readouterr()
    assert "secret" not in captured.out + captured.err
    assert "://me:****@127.0.0.1" in captured.out


def test_yanked_files_and_those_of_other_projects_do_not_count(
    index: Index, tmp_path: Path, capsys: Capture
) -> None:
    publish_cupy(index)
    publish(index.folder / "cupy-cuda13x", "other", "99")
    for wheel in (index.folder / "cupy-cuda13x" / "other").iterdir():
        wheel.rename(index.folder / "cupy-cuda13x" / wheel.name)
    (index.folder / "cupy-cuda13x" / "other").rmdir()
    (index.folder / "cupy-cuda13x" / "not-a-wheel.whl").write_bytes(b"")
    assert checked(tmp_path, capsys, "cupy", CUPY)[:2] == (0, [])


@pytest.mark.usefixtures("index")
def test_without_pip_it_says_what_it_takes(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bridges(tmp_path, tmp_path / "home", cupy=CUPY)
    monkeypatch.setitem(sys.modules, "pip._internal.commands", None)
    assert main(["bridge", "check", "cupy"]) == 2
    assert "reading indexes takes pip" in capsys.readouterr().err
