"""README and docs: what they say to type is typed, and what they show is what comes.

Above a block stands, as ``<!-- run: SITUATION -->``, what the environment is like, if it is not the
usual one: an H100 with CUDA 13.0, variantsel active, nothing else installed. What the documents
claim in words and numbers is looked at in ``tests/test_documents.py``.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.bridged_world import BridgedWorld, bridged_world, set_base
from support.documents import DOCUMENTS, Block, blocks
from support.environments import INHERITED, Environment, create_environment
from support.index_server import Index, serve
from support.repository import REPOSITORY
from support.todays_indexes import publish_others, publish_torch
from support.wheels import write_release, write_wheel

import variantsel
from variantsel.bridges.bridge_file import read_bridge
from variantsel.configuration.keys import read_table
from variantsel.targets.target_file import read_toml

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]

NOT_RUN = {
    "kubectl run capture": "it takes a cluster of Kubernetes",
    "variantsel bridge check": "it reads PyPI",
}
"""Blocks that nothing runs, by how they begin, and why."""

RUN_ELSEWHERE = {
    "command: demo": ".ci/run",
    "command: test": ".ci/run",
    "recipe: requirements.txt": "tests/arm64/recipe.py",
    "recipe: Dockerfile": "tests/arm64/recipe.py",
    "recipe: image": "tests/arm64/recipe.py",
    "recipe: capture": "tests/pip_plugin/test_cluster_recipe.py",
}
"""Named blocks that something else runs, and what."""
RUN_ELSEWHERE |= {
    f"recipe: {name}": "tests/pip_plugin/test_front_doors.py"
    for name in ("build", "tox", "nox", "pipx", "pip-tools", "uv", "user")
}

ENDS_WITH = {"variantsel detect --save node.toml": 1}
"""The exit status of the blocks of ``sh`` that say it is not 0."""

PIP = "26.3"
H100 = {
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "13.0",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0",
}
GFX = "gfx1030 gfx1100 gfx1101 gfx1102 gfx1150 gfx1151 gfx1200 gfx1201 gfx900 gfx906 gfx908 gfx90a"
SM = "75_real 80_real 86_real 90_real"
TORCH = {
    "$schema": "https://variants-schema.wheelnext.dev/v0.0.3.json",
    "default-priorities": {"namespace": ["nvidia", "intel", "amd", "priority"]},
    "providers": {
        "amd": {
            "enable-if": "platform_system == 'Linux'",
            "plugin-api": "amd_variant_provider.plugin:AMDVariantPlugin",
            "requires": ["amd-variant-provider>=0.0.2,<1.0.0"],
        },
        "intel": {
            "enable-if": "platform_system == 'Linux' or platform_system == 'Windows'",
            "plugin-api": "intel_variant_provider.plugin:IntelVariantPlugin",
            "requires": ["intel-variant-provider>=0.0.3,<1.0.0"],
        },
        "nvidia": {
            "enable-if": "platform_system == 'Linux' or platform_system == 'Windows'",
            "plugin-api": "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
            "requires": ["nvidia-variant-provider>=0.0.2,<1.0.0"],
        },
        "priority": {"install-time": False, "requires": []},
    },
    "static-properties": {"priority": {"order": ["1", "2", "3"]}},
    "variants": {
        "cuda12.6": {
            "nvidia": {
                "cuda_version_lower_bound": ["12.0"],
                "sm_arch": f"50_real 60_real 70_real {SM}".split(),
            },
            "priority": {"order": ["3"]},
        },
        "cuda12.8": {
            "nvidia": {
                "cuda_version_lower_bound": ["12.0"],
                "sm_arch": f"70_real {SM} 100_real 120_real".split(),
            },
            "priority": {"order": ["2"]},
        },
        "cuda13.0": {
            "nvidia": {
                "cuda_version_lower_bound": ["13.0"],
                "sm_arch": f"{SM} 100_real 120_real 120_virtual".split(),
            },
            "priority": {"order": ["1"]},
        },
        "null": {},
        "rocm7.0": {"amd": {"gfx_arch": f"{GFX} gfx942 gfx950".split(), "rocm_version": ["7.0"]}},
        "rocm7.1": {"amd": {"gfx_arch": f"{GFX} gfx942 gfx950".split(), "rocm_version": ["7.1"]}},
        "xpu": {
            "intel": {
                "device_ip": [
                    *("12.55.8", "12.60.7", "12.71.4", "12.74.4"),
                    *("20.1.0", "20.4.4", "30.0.4", "30.1.0"),
                ]
            }
        },
    },
}
"""What PyTorch publishes of torch 2.10.0."""

LABELS = {
    "manylinux_2_28_x86_64": ("cuda12.6", "cuda13.0", "null", "rocm7.0", "rocm7.1"),
    "linux_x86_64": ("xpu",),
    "manylinux_2_28_aarch64": ("cuda12.6", "cuda12.8", "cuda13.0", "null"),
}
"""The wheels that there are of it for Linux, by platform."""

ELSEWHERE = "cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn cufft cufile curand cusolver cusparse"
ELSEWHERE += " cusparselt nccl nvjitlink nvshmem nvtx"
"""What an ordinary torch needs of NVIDIA's on x86-64."""

TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
X86_64 = "manylinux_2_28_x86_64"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """torch as PyTorch publishes it, and what else the documents install."""
    folder = tmp_path_factory.mktemp("index")
    for platform_tag, labels in LABELS.items():
        for label in labels:
            for tag in sorted({TAG, "cp312"}):
                write_wheel(
                    *(folder / "torch", "torch", "2.10.0"),
                    label=label,
                    variant_json=TORCH,
                    tag=f"{tag}-{tag}-{platform_tag}",
                )
    (folder / "torch" / "torch-2.10.0-variants.json").write_text(json.dumps(TORCH))
    write_wheel(folder / "torch", "torch", "2.9.1", tag=f"{TAG}-{TAG}-{X86_64}")
    requires = ["torch==2.9.1"]
    write_wheel(folder / "llm-server", "llm_server", "1.0", requires=requires)
    variants = {"cuda12.8": TORCH["variants"]["cuda12.8"], "null": {}}  # type: ignore[index]
    write_release(folder / "vllm", "vllm", "1.0", {**TORCH, "variants": variants})
    for name in ("numpy", "scipy"):
        write_wheel(folder / name, name, "1.0")
    old = {**TORCH, "variants": variants}
    write_release(folder / "torch", "torch", "2.9.0", old, tag=f"cp39-cp39-{X86_64}")
    with serve(Index(folder)) as served:
        yield served


@pytest.fixture(scope="module")
def other_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Index]]:
    """Indexes by what the documents call them: without variants, and with pre-releases."""
    folder = tmp_path_factory.mktemp("others")
    requires = [f"nvidia-{name}-cu12; platform_machine == 'x86_64'" for name in ELSEWHERE.split()]
    ordinary, early = folder / "ordinary" / "torch", folder / "early" / "torch"
    for tag in (f"{TAG}-{TAG}-{X86_64}", "cp312-cp312-manylinux_2_28_aarch64"):
        write_wheel(ordinary, "torch", "2.10.0", tag=tag, requires=requires)
    write_wheel(early, "torch", "2.12.0+cpu", tag=f"{TAG}-{TAG}-{X86_64}")
    write_release(early, "torch", "2.13.0.dev20260101", TORCH, tag=f"{TAG}-{TAG}-{X86_64}")
    with serve(Index(ordinary.parent)) as first, serve(Index(early.parent)) as second:
        yield {"ordinary.example/simple": first, "early.example/simple": second}


@pytest.fixture(scope="module")
def todays_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgedWorld]:
    """Indexes shaped like PyPI and PyTorch's, for bridges."""
    world = bridged_world(tmp_path_factory.mktemp("today"))
    publish_torch(world)
    publish_others(world)
    with world.running():
        yield world


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the documents call ``/home/me``."""
    return tmp_path_factory.mktemp("home")


@dataclass
class Shell:
    """Somebody's shell, where variantsel is active."""

    environment: Environment
    wheel: Path
    index: Index
    others: dict[str, Index]
    today: BridgedWorld
    project: Path
    variables: dict[str, str]

    @property
    def metadata(self) -> Path:
        """What the index has of the variants of torch."""
        return self.index.folder / "torch" / "torch-2.10.0-variants.json"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a line or several."""
        return subprocess.run(
            ["sh", "-uc" if "\n" not in command else "-euc", self._typed(command)],
            env=self.variables,
            cwd=self.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )

    def _typed(self, command: str) -> str:
        """A checkout is what was built of this one, an index one that is served."""
        for name, index in self.others.items():
            command = command.replace(f"https://{name}", index.url.rstrip("/"))
        return re.sub(
            r"^(pip install(?: --quiet)?) \.$",
            rf"\1 --no-deps --no-index {self.wheel}",
            command,
            flags=re.MULTILINE,
        )

    def shown(self, output: str) -> str:
        """Output as the documents have it: on their Python, in their folders."""
        output = re.sub(r"^Looking in .*\n", "", output, flags=re.MULTILINE)
        output = output.replace(str(self.project), "/home/me/project")
        output = output.replace(str(self.environment.folder), "/home/me/venv")
        output = output.replace(str(self.environment.folder.parent), "/home/me")
        for name, index in {**self.others, "variants.example": self.index}.items():
            output = output.replace(index.url.rstrip("/"), f"https://{name}")
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        output = re.sub(rf"\b([Pp]ython ?){re.escape(version)}", r"\g<1>3.12", output)
        return output.replace(TAG, "cp312")


@pytest.fixture(scope="module")
def documented(home: Path, variantsel_wheel: Path) -> tuple[Environment, frozenset[str]]:
    """An active environment, and what lies in it."""
    environment = create_environment(home / "venv", PIP, str(variantsel_wheel))
    assert environment.run("-m", "variantsel", "activate").returncode == 0
    return environment, frozenset(path.name for path in environment.site_packages.iterdir())


@pytest.fixture
def shell(
    documented: tuple[Environment, frozenset[str]],
    index: Index,
    other_indexes: dict[str, Index],
    todays_indexes: BridgedWorld,
    home: Path,
    tmp_path: Path,
    variantsel_wheel: Path,
) -> Iterator[Shell]:
    """A shell in an empty project, for one block."""
    environment, own = documented
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables = {
        **inherited,
        **H100,
        "PATH": f"{environment.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_INDEX_URL": index.url,
    }
    (tmp_path / "requirements.txt").write_text("torch\n")
    shell = Shell(
        environment, variantsel_wheel, index, other_indexes, todays_indexes, tmp_path, variables
    )
    published = shell.metadata.read_bytes()
    yield shell
    shell.metadata.write_bytes(published)
    shutil.rmtree(home / ".config", ignore_errors=True)
    for path in environment.site_packages.iterdir():
        if path.name not in own:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def arrange(situation: str, shell: Shell) -> None:
    """Make the environment what a comment in a document says it is."""
    for part in situation.split(", "):
        if part.startswith("CUDA "):
            version = part.removeprefix("CUDA ")
            shell.variables["NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION"] = version
        elif part == "no GPU":
            shell.variables["VARIANTSEL_DISABLE"] = "nvidia,amd,intel,tpu"
        elif part == "today's indexes":
            assert shell.today.served is not None
            set_base(Path(shell.variables["HOME"]), torch=shell.today.served.url)
            shell.variables["PIP_INDEX_URL"] = shell.today.default.url
        elif part.endswith(" is on"):
            shell.variables["VARIANTSEL_BRIDGE"] = part.removesuffix(" is on")
        elif part.endswith(" is installed"):
            label, torch = part.removesuffix(" is installed"), shell.index.folder / "torch"
            shell.environment.unpack(torch / f"torch-2.10.0-{TAG}-{TAG}-{X86_64}-{label}.whl")
        elif part == "not active":
            assert shell.run("variantsel deactivate").returncode == 0
        elif part.startswith("take = "):
            settings = f"[tool.variantsel.packages.torch]\n{part}\n"
            (shell.project / "pyproject.toml").write_text(settings)
        elif part == "pre-releases":
            shell.variables["PIP_INDEX_URL"] = shell.others["early.example/simple"].url
        elif part == "broken index":
            shell.metadata.write_text("\n<html>")
        elif part == "lent":
            venv = [sys.executable, "-m", "venv", "--without-pip", shell.project / ".venv"]
            subprocess.run(venv, check=True)
            lent_to = Environment(shell.project / ".venv", PIP).site_packages
            for folder in shell.environment.site_packages.glob("pip*"):
                shutil.copytree(folder, lent_to / folder.name)
        else:
            assert part in ("", "demo"), f"no situation is called {part!r}"


def typed(block: Block) -> list[tuple[str, str]]:
    """The commands of a block, and what is shown of each."""
    if block.comment == "run: demo":  # it shows commands itself
        command, _, shown = block.text.partition("\n")
        return [(command.removeprefix("$ "), shown)]
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE)
    assert found, block
    return found


def comparable(text: str) -> str:
    """On one line, and without the sizes of wheels that nobody downloads."""
    return re.sub(r"\([\d.]+ (?:bytes|kB)\)", "(size)", " ".join(text.split()))


def matches(expected: str, output: str) -> bool:
    """Whether output is what is shown, where '…' stands for anything."""
    parts = [re.escape(part.strip()) for part in comparable(expected).split("…")]
    return re.fullmatch(" ?.*? ?".join(parts), comparable(output)) is not None


def fate(block: Block) -> str:
    """What becomes of a block: the name of the test here, or why there is none."""
    if any(block.text.startswith(start) for start in NOT_RUN):
        return "not run"
    if block.comment in RUN_ELSEWHERE:
        return "elsewhere"
    return block.language


def of_kind(kind: str) -> list[Block]:
    return [block for block in BLOCKS if fate(block) == kind]


def test_every_block_is_run_or_excused() -> None:
    fates = {fate(block) for block in BLOCKS}
    assert fates == {"console", "sh", "python", "toml", "mermaid", "elsewhere", "not run"}


def test_the_excuses_are_needed() -> None:
    assert len(of_kind("not run")) == len(NOT_RUN)
    comments = {block.comment for block in BLOCKS}
    assert comments >= set(RUN_ELSEWHERE)
    for comment, path in RUN_ELSEWHERE.items():
        name = comment.partition(": ")[2]
        assert name in (REPOSITORY / path).read_text(encoding="utf-8"), (comment, path)


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the documents show what comes on Linux on x86-64",
)
@pytest.mark.parametrize("block", of_kind("console"), ids=str)
def test_what_is_shown_is_what_comes(block: Block, shell: Shell) -> None:
    assert block.comment.startswith("run: ") or not block.comment
    arrange(block.comment.removeprefix("run: "), shell)
    for command, expected in typed(block):
        if command.startswith("cat "):
            (shell.project / command.removeprefix("cat ")).write_text(expected)
        output = shell.shown(shell.run(command).stdout)
        assert matches(expected, output), f"$ {command}\n{output}"


@pytest.mark.parametrize("block", of_kind("sh"), ids=str)
def test_commands_work(block: Block, shell: Shell) -> None:
    arrange(block.comment.removeprefix("run: "), shell)
    done = shell.run(block.text)
    expected = next((code for start, code in ENDS_WITH.items() if block.text.startswith(start)), 0)
    assert done.returncode == expected, done.stdout


def test_the_readmes_settings_are_right_here_and_wrong_ones_are_refused(shell: Shell) -> None:
    block = next(block for block in of_kind("toml") if block.document.name == "README.md")
    x86_64 = platform.machine() == "x86_64"
    for target, refused in (("h100@13.0", not x86_64), ("gh200", x86_64)):
        settings = block.text.replace("h100@13.0", target)
        assert f'target = "{target}"' in settings
        (shell.project / "pyproject.toml").write_text(settings)
        done = shell.run("pip install --dry-run torch")
        assert ("would be right for neither" in done.stdout) == refused, done.stdout
        assert (done.returncode != 0) == refused


README_TABLE = re.findall(
    r"^\| `((?:VARIANTSEL|variantsel pip)[^`]*)` \|",
    (REPOSITORY / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(
    "command", [command for command in README_TABLE if "…" not in command], ids=str
)
def test_a_command_of_the_table_works(command: str, shell: Shell) -> None:
    is_bridged = "VARIANTSEL_BRIDGE" in command
    arrange("today's indexes" if is_bridged else "", shell)
    done = shell.run(command)
    assert done.returncode == 0, done.stdout
    said = "torch 2.15.0: build" if is_bridged else "torch 2.10.0: variant"
    assert (said in done.stdout) == ("VARIANTSEL=0" not in command)


@pytest.mark.parametrize("block", of_kind("python"), ids=str)
def test_python_gives_what_it_says(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in H100.items():
        monkeypatch.setenv(name, value)
    metadata = json.dumps(TORCH).encode()
    Path("torch-2.10.0-variants.json").write_bytes(metadata)
    names = {"metadata": metadata, "target": variantsel.Target.named("gh200")}
    lines = block.text.splitlines()
    for statement in ast.parse(block.text).body:
        source = ast.unparse(statement)
        if not isinstance(statement, ast.Expr):
            exec(source, names)
            continue
        value = eval(source, names)
        comment = lines[statement.end_lineno - 1].partition("  # ")[2]  # type: ignore[operator]
        if comment[:1] in "['" and comment:
            assert matches(comment, repr(value))


@pytest.mark.parametrize("block", of_kind("toml"), ids=str)
def test_a_file_that_is_shown_can_be_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "shown.toml"
    path.write_text(block.text)
    content = read_toml(path)
    if "format" in content:  # a bridge
        assert read_bridge(path).name == content["bridge"]
        return
    table = content.get("tool", {}).get("variantsel", content)
    for setting in read_table(table, "the document"):
        if setting.key == "target":
            variantsel.Target.resolve(setting.value)
