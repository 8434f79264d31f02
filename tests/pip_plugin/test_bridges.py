"""pip with bridges switched on, on indexes shaped like today's."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridged_world import BridgedWorld, bridged_world, set_base
from support.environments import Environment
from support.todays_indexes import DEFAULT_LABELS, publish_by_page, publish_others, publish_torch
from variantsel_providers import amd, nvidia

from variantsel.bridges.catalogue import ALL, find_bridges
from variantsel.pip_plugin.without_variants import ASKED_PROJECTS

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the machines of the table are x86-64"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgedWorld]:
    world = bridged_world(tmp_path_factory.mktemp("today"))
    publish_torch(world)
    publish_others(world)
    publish_by_page(world)
    with world.running():
        yield world


@pytest.fixture
def bridged(environment: Environment, world: BridgedWorld) -> Iterator[Environment]:
    """The environment, whose user has a mirror of PyTorch's index."""
    assert world.served is not None
    set_base(
        environment.folder, **{"torch": world.served.url, "llama-cpp-python": world.served.url}
    )
    before = set(environment.site_packages.glob("*.dist-info"))
    yield environment
    added = set(environment.site_packages.glob("*.dist-info")) - before
    names = [path.name.partition("-")[0] for path in added]
    if names:
        environment.pip("uninstall", "--yes", *names)
    (environment.folder / ".config" / "variantsel" / "variantsel.toml").unlink()


def machine(
    folder: Path,
    *,
    cuda: tuple[int, int] | None = None,
    capability: tuple[int, int] | None = None,
    gfx: str = "",
    rocm: tuple[int, int] | None = None,
) -> str:
    """A target file of an x86-64 machine with a GPU."""
    configs = {"nvidia": nvidia.supported_configs(cuda, capability)}
    if gfx:
        configs["amd"] = amd.supported_configs([gfx], rocm)
    lines = []
    for namespace, features in configs.items():
        lines.append(f"[properties.{namespace}]")
        lines += [f"{feature.name} = {list(feature.values)}" for feature in features]
    path = folder / "machine.toml"
    path.write_text("\n".join(lines))
    return str(path)


def install(
    environment: Environment, world: BridgedWorld, target: str, *what: str, **variables: str
) -> str:
    result = environment.pip(
        "install",
        *what,
        variables=world.variables(
            **{"VARIANTSEL_BRIDGE": "all", "VARIANTSEL_TARGET": target, **variables}
        ),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def installed(environment: Environment) -> dict[str, str]:
    listed = environment.pip("list", "--format", "freeze", variables={"VARIANTSEL": "off"})
    found = dict(line.split("==") for line in listed.stdout.split())
    return {name.replace("_", "-"): version for name, version in found.items()}


GTX_1080_TI = {"cuda": (12, 8), "capability": (6, 1)}
MI300X = {"gfx": "gfx942", "rocm": (7, 2)}


@pytest.mark.parametrize(
    ("target", "version"),
    [
        ("h100@12.4", "2.14.1+cu126"),
        ("h100@13.0", "2.15.0"),
        ("v100@13.0", "2.14.1+cu126"),
        (GTX_1080_TI, "2.14.1+cu126"),
        ("rtx-5090@12.8", "2.11.0+cu128"),
        (MI300X, "2.15.0+rocm7.2"),
        ("arc-b580", "2.15.0+xpu"),
        ("cpu-x86-64-v3", "2.15.0+cpu"),
    ],
)
def test_the_newest_torch_with_a_build_for_the_machine(
    bridged: Environment,
    world: BridgedWorld,
    tmp_path: Path,
    target: str | dict[str, object],
    version: str,
) -> None:
    if isinstance(target, dict):
        target = machine(tmp_path, **target)  # type: ignore[arg-type]
    said = install(bridged, world, target, "torch", "torchvision")
    found = installed(bridged)
    assert found["torch"] == version
    assert found["torchvision"].partition("+")[2] == version.partition("+")[2]
    assert "does not use" not in said
    assert bridged.pip("check", variables={"VARIANTSEL": "off"}).returncode == 0


@pytest.mark.parametrize(
    ("target", "label"),
    [("h100@12.4", "cu126"), ("h100@13.0", "cu130"), ("v100@13.0", "cu126"), ("arc-b580", "xpu")],
)
def test_three_projects_are_of_one_label(
    bridged: Environment, world: BridgedWorld, target: str, label: str
) -> None:
    """torchaudio's last release has fewer labels than torch's newest."""
    install(bridged, world, target, "torch", "torchvision", "torchaudio")
    labels = set()
    for name, version in installed(bridged).items():
        if name in ("torch", "torchvision", "torchaudio"):
            public, _, local = version.partition("+")
            labels.add(local or DEFAULT_LABELS[name, public])
    assert labels == {label}


def test_a_newer_release_is_passed_over_aloud(bridged: Environment, world: BridgedWorld) -> None:
    said = install(bridged, world, "v100@13.0", "torch")
    assert "torch 2.15.0 has no build for v100@13.0's accelerator" in said
    assert "Taking 2.14.1+cu126, the newest that has one" in said


def test_version_first_takes_the_newest(bridged: Environment, world: BridgedWorld) -> None:
    said = install(bridged, world, "v100@13.0", "torch", VARIANTSEL_VERSION_FIRST="1")
    assert installed(bridged)["torch"] == "2.15.0+cpu"
    assert "has nvidia hardware, but torch-2.15.0+cpu" in said


def test_a_pinned_version_is_never_changed(bridged: Environment, world: BridgedWorld) -> None:
    said = install(bridged, world, "v100@13.0", "torch==2.15.0")
    assert installed(bridged)["torch"] == "2.15.0+cpu"
    assert "has nvidia hardware, but torch-2.15.0+cpu" in said
    said = install(bridged, world, "v100@13.0", "torch==2.15.0+cu132")
    assert installed(bridged)["torch"] == "2.15.0+cu132"
    assert "is the build cu132, which does not fit v100@13.0" in said


def test_without_an_accelerator_nothing_of_cuda_comes(
    bridged: Environment, world: BridgedWorld
) -> None:
    install(bridged, world, "cpu-x86-64-v3", "torchvision")
    assert not [name for name in installed(bridged) if name.startswith("nvidia-cu")]


def test_what_is_installed_decides_for_what_belongs_to_it(
    bridged: Environment, world: BridgedWorld
) -> None:
    install(bridged, world, "h100@13.0", "torch==2.11.0+cu126")
    install(bridged, world, "h100@13.0", "torchvision==0.26.0")
    assert installed(bridged)["torchvision"] == "0.26.0+cu126"


def test_an_installed_build_that_fits_no_more_is_replaced(
    bridged: Environment, world: BridgedWorld
) -> None:
    install(bridged, world, "h100@13.0", "torch")
    said = install(bridged, world, "v100@13.0", "torch")
    assert "torch 2.15.0 is installed as variant cu132, which does not fit v100@13.0" in said
    install(bridged, world, "v100@13.0", "--upgrade", "torch")
    assert installed(bridged)["torch"] == "2.14.1+cu126"


def test_a_cpu_build_gives_way_to_one_that_uses_the_accelerator(
    bridged: Environment, world: BridgedWorld
) -> None:
    install(bridged, world, "cpu-x86-64-v3", "torch")
    said = install(bridged, world, "h100@13.0", "torch")
    assert "leaves h100@13.0's nvidia hardware unused" in said
    install(bridged, world, "h100@13.0", "--upgrade", "torch")
    assert installed(bridged)["torch"] == "2.15.0"


def test_strict_refuses_to_swap_for_a_cpu_build(bridged: Environment, world: BridgedWorld) -> None:
    install(bridged, world, "h100@13.0", "torch")
    result = bridged.pip(
        "install",
        "torch==2.15.0+cpu",
        variables=world.variables(
            VARIANTSEL_BRIDGE="torch", VARIANTSEL_TARGET="h100@13.0", VARIANTSEL_STRICT="1"
        ),
    )
    assert result.returncode == 1
    assert "would be replaced by 2.15.0+cpu" in result.stderr
    assert installed(bridged)["torch"] == "2.15.0"


def test_take_names_a_label(bridged: Environment, world: BridgedWorld) -> None:
    install(bridged, world, "h100@13.0", "torch", VARIANTSEL_TAKE="torch=cu130")
    assert installed(bridged)["torch"] == "2.15.0+cu130"


def test_a_label_that_one_of_the_family_lacks_is_given_up_for_all(
    bridged: Environment, tmp_path: Path
) -> None:
    world = bridged_world(tmp_path / "lacking")
    for label in ("cu130", "cu132", "cpu"):
        world.publish("torch", "2.15.0", label=label)
        if label != "cu132":
            world.publish("torchvision", "0.30.0", label=label, requires=["torch==2.15.0"])
    (world.default.folder / "torch").mkdir()
    (world.default.folder / "torchvision").mkdir()
    with world.running():
        assert world.served is not None
        set_base(bridged.folder, torch=world.served.url)
        said = install(
            bridged,
            world,
            "h100@13.0",
            "torch",
            "torchvision",
            VARIANTSEL_TAKE="torch=cu132,torch=cu130",
        )
    found = installed(bridged)
    assert (found["torch"], found["torchvision"]) == ("2.15.0+cu130", "0.30.0+cu130")
    assert "torch, torchvision: not cu132, of which torchvision 0.30.0 has no build" in said


@pytest.mark.parametrize(
    ("target", "asked", "expected"),
    [
        ("h100@12.4", "cupy", {"cupy-cuda12x": "14.1.1"}),
        ("h100@13.0", "cupy", {"cupy-cuda13x": "14.1.1"}),
        ("h100@13.0", "cudf", {"cudf-cu13": "26.10.0", "cupy-cuda13x": "14.1.1"}),
        ("h100@12.4", "cudf", {"cudf-cu12": "26.10.0", "cupy-cuda12x": "14.1.1"}),
        ("h100@13.0", "jax", {"jax": "0.12.0", "jax-cuda13-plugin": "0.12.0"}),
        ("h100@12.4", "jax", {"jax": "0.12.0", "jax-cuda12-plugin": "0.12.0"}),
        ("h100@13.0", "jax[cuda12]", {"jax": "0.12.0", "jax-cuda12-plugin": "0.12.0"}),
        ("cpu-x86-64-v3", "jax", {"jax": "0.12.0"}),
        ("h100@12.4", "needs-onnx", {"needs-onnx": "1.0", "onnxruntime-gpu": "1.26.1"}),
        ("h100@13.0", "needs-onnx", {"needs-onnx": "1.0", "onnxruntime-gpu": "1.27.0"}),
        ("cpu-x86-64-v3", "needs-onnx", {"needs-onnx": "1.0", "onnxruntime": "1.27.0"}),
        ("h100@12.2", "xgboost", {"xgboost-cu12": "3.4.1"}),
        ("h100@12.2", "xgboost<3.4", {"xgboost": "3.3.0"}),
        ("h100@13.0", "xgboost", {"xgboost": "3.4.1"}),
        ("cpu-x86-64-v3", "xgboost", {"xgboost-cpu": "3.4.1"}),
        ("h100@13.0", "needs-cuda12", {"needs-cuda12": "1.0", "cupy-cuda13x": "14.1.1"}),
    ],
)
def test_names_extras_and_versions_follow_the_machine(
    bridged: Environment, world: BridgedWorld, target: str, asked: str, expected: dict[str, str]
) -> None:
    before = installed(bridged)
    install(bridged, world, target, asked)
    found = {name: version for name, version in installed(bridged).items() if name not in before}
    found.pop("libcudf-cu12", None), found.pop("libcudf-cu13", None)
    assert found == expected
    assert bridged.pip("check", variables={"VARIANTSEL": "off"}).returncode == 0


@pytest.mark.parametrize(
    ("target", "build"), [("h100@12.4", "cu124"), ("h100@13.0", "cu130"), ("cpu-x86-64-v3", "cpu")]
)
def test_the_page_tells_where_wheels_do_not(
    bridged: Environment, world: BridgedWorld, target: str, build: str
) -> None:
    install(bridged, world, target, "llama-cpp-python")
    shown = bridged.run("-c", "import llama_cpp_python; print(llama_cpp_python.BUILD)")
    assert shown.stdout.strip() == build


WINDOWS = """\
[environment]
os_name = "nt"
sys_platform = "win32"
platform_system = "Windows"
platform_machine = "AMD64"
[tags]
platforms = ["win_amd64"]
"""
MACOS = """\
[environment]
sys_platform = "darwin"
platform_system = "Darwin"
platform_machine = "arm64"
[tags]
platforms = ["macosx_14_0_arm64"]
"""


@pytest.mark.parametrize(
    ("target", "cuda", "version"),
    [
        ("gh200@13.0", None, "2.15.0"),
        ("gh200@12.4", None, "2.14.1+cu126"),
        (WINDOWS, (13, 0), "2.15.0+cu132"),
        (WINDOWS, (12, 4), "2.14.1+cu126"),
        (WINDOWS, None, "2.15.0"),
        (MACOS, None, "2.15.0"),
    ],
)
def test_a_layer_for_another_machine(
    bridged: Environment,
    world: BridgedWorld,
    tmp_path: Path,
    target: str,
    cuda: tuple[int, int] | None,
    version: str,
) -> None:
    if "\n" in target:
        gpu = Path(machine(tmp_path, cuda=cuda, capability=(9, 0))).read_text() if cuda else ""
        (tmp_path / "target.toml").write_text(target + (gpu or "[properties]\n"))
        target = str(tmp_path / "target.toml")
    layer = tmp_path / "layer"
    result = bridged.run(
        *("-m", "variantsel", "pip", "--target", target, "install", "torch", "--into", str(layer)),
        variables=world.variables(VARIANTSEL_BRIDGE="torch"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (found,) = layer.glob("torch-*.dist-info")
    assert found.name == f"torch-{version}.dist-info"


def test_what_overwrites_each_other_is_installed_once(
    bridged: Environment, world: BridgedWorld
) -> None:
    install(bridged, world, "cpu-x86-64-v3", "needs-no-window", "needs-window")
    found = installed(bridged)
    assert [name for name in found if name.startswith("opencv")] == ["opencv-python"]
    assert bridged.pip("check", variables={"VARIANTSEL": "off"}).returncode == 0


def test_an_index_that_does_not_answer_is_named(bridged: Environment, world: BridgedWorld) -> None:
    set_base(bridged.folder, torch="http://127.0.0.1:9/whl")
    said = install(bridged, world, "h100@13.0", "--retries", "0", "torch")
    assert installed(bridged)["torch"] == "2.15.0"
    assert "the index of the bridge torch, http://127.0.0.1:9/whl, does not answer" in said
    result = bridged.pip(
        *("install", "--retries", "0", "--force-reinstall", "torch"),
        variables=world.variables(
            VARIANTSEL_BRIDGE="torch", VARIANTSEL_TARGET="h100@13.0", VARIANTSEL_STRICT="1"
        ),
    )
    assert result.returncode == 1
    assert "does not answer" in result.stderr


def test_no_index_is_asked_where_pip_may_ask_none(
    bridged: Environment, world: BridgedWorld
) -> None:
    folder = world.default.folder / "torch"
    nvidia_folder = world.default.folder / "nvidia-cudnn-cu13"
    assert world.served is not None
    world.served.requests.clear()
    install(
        *(bridged, world, "v100@13.0", "--no-index", "--find-links", str(folder)),
        *("--find-links", str(nvidia_folder), "torch"),
    )
    assert installed(bridged)["torch"] == "2.15.0"
    assert not world.served.requests


def test_nothing_else_is_asked_of_a_familys_index(
    bridged: Environment, world: BridgedWorld
) -> None:
    assert world.served is not None
    world.served.requests.clear()
    install(bridged, world, "h100@13.0", "torch", "cupy", "needs-onnx")
    asked = {path.strip("/").split("/")[-1] for path in world.served.requests}
    assert {name for name in asked if not name.endswith(".whl")} == {"torch"}


def test_the_users_own_index_of_a_family_is_enough(
    bridged: Environment, world: BridgedWorld
) -> None:
    assert world.served is not None
    index = f"{world.served.url}cu130"
    world.served.requests.clear()
    said = install(bridged, world, "v100@13.0", "--no-deps", "--index-url", index, "torch")
    assert installed(bridged)["torch"] == "2.15.0+cu130"
    assert "is the build cu130, which does not fit v100@13.0" in said
    assert not [path for path in world.served.requests if not path.startswith("/cu130/")]


def test_what_a_hint_may_be_about_is_what_the_bridges_have_another_name_or_an_extra_for() -> None:
    bridges = find_bridges([ALL])
    rows = [row for bridge in bridges for row in (*bridge.names, *bridge.extras)]
    assert {row.project for row in rows} == ASKED_PROJECTS


def test_with_none_switched_on_one_line_says_what_would_be_different(
    bridged: Environment, world: BridgedWorld
) -> None:
    off = {"VARIANTSEL_BRIDGE": ""}
    said = install(bridged, world, "v100@13.0", "torch", **off)
    assert installed(bridged)["torch"] == "2.15.0"
    assert said.count("With a bridge switched on") == 1
    assert "variantsel bridge enable torch" in said
    bridged.pip("uninstall", "--yes", "torch")
    assert "bridge" not in install(bridged, world, "h100@13.0", "torch", **off)
    bridged.pip("uninstall", "--yes", "torch")
    quiet = install(bridged, world, "v100@13.0", "--quiet", "torch", **off)
    assert "With a bridge" not in quiet
    bridged.pip("uninstall", "--yes", "torch")
    hidden = install(bridged, world, "v100@13.0", "torch", VARIANTSEL_HINTS="0", **off)
    assert "With a bridge" not in hidden
