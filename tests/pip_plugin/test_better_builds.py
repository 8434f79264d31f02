"""An installed build that leaves the accelerator unused, or that the user wants another for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.environments import Environment
from support.index_server import Index, serve
from support.machines import CPU_ONLY, HOPPER, OF_ANOTHER_TYPE
from support.resolvers import RESOLVERS
from support.wheels import metadata, write_release, write_wheel

CUDA12 = {"nvidia": {"cuda_version_lower_bound": ["12.0"], "sm_arch": ["80_real", "90_real"]}}
CUDA13 = {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["90_real"]}}
DOCUMENT = metadata({"cuda13": CUDA13, "cuda12": CUDA12, "null": {}}, namespaces=["nvidia"])
GPU, CPU = f"{HOPPER}@13.0", CPU_ONLY
UPGRADE = ("--upgrade",)


@pytest.fixture
def index(tmp_path: Path, environment: Environment) -> Iterator[Index]:
    """torch 2.12.0 for two CUDA versions and for every machine, and torch 2.11.0 of no kind."""
    folder = tmp_path / "index"
    write_release(folder / "torch", "torch", "2.12.0", DOCUMENT)
    write_wheel(folder / "torch", "torch", "2.11.0")
    with serve(Index(folder, core_metadata=True)) as index:
        yield index
    environment.remove("torch", "app", "nvidia-lib")


def install(
    environment: Environment, index: Index, *arguments: str, target: str = GPU, **variables: str
) -> Any:
    variables["VARIANTSEL_TARGET"] = target
    result = environment.pip("install", "--index-url", index.url, *arguments, variables=variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


def installed(environment: Environment) -> str:
    code = "import torch, importlib.metadata as m; print(m.version('torch'), torch.LABEL)"
    return environment.run("-c", code).stdout.strip()


def warnings(result: Any) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.startswith("WARNING")]


def assert_settled(result: Any) -> None:
    """Nothing was done, and nothing is said but that nothing is to be done."""
    assert "Requirement already " in result.stdout
    assert "Taking" not in result.stdout
    assert "Successfully installed" not in result.stdout
    assert warnings(result) == []


@RESOLVERS
def test_a_null_variant_on_a_gpu_machine_is_said_and_replaced_by_an_upgrade_once(
    environment: Environment, index: Index, resolver: Sequence[str]
) -> None:
    install(environment, index, *resolver, "torch", target=CPU)
    assert installed(environment) == "2.12.0 null"
    assert warnings(install(environment, index, *resolver, "torch", target=CPU)) == []
    again = install(environment, index, *resolver, "torch")
    assert "Requirement already satisfied" in again.stdout
    assert warnings(again) == [
        f"WARNING: torch 2.12.0 is installed as variant null, which leaves {GPU}'s nvidia "
        "hardware unused. 'pip install --upgrade torch' takes a variant that uses it, where the "
        "index has one."
    ]
    upgraded = install(environment, index, *resolver, *UPGRADE, "torch")
    assert installed(environment) == "2.12.0 cuda13"
    assert warnings(upgraded) == []
    assert (
        f"torch 2.12.0 is installed as variant null, which leaves {GPU}'s nvidia hardware "
        "unused. Taking cuda13 instead."
    ) in upgraded.stdout
    assert_settled(install(environment, index, *resolver, *UPGRADE, "torch"))


@RESOLVERS
@pytest.mark.parametrize("requires", [[], ["nvidia-lib; platform_machine == 's390x'"]])
def test_an_ordinary_wheel_of_the_same_version_gives_way_to_a_gpu_variant(
    environment: Environment, index: Index, resolver: Sequence[str], requires: list[str]
) -> None:
    folder = index.folder / "torch"
    wheel = write_wheel(folder, "torch", "2.12.0", requires=requires)
    environment.unpack(wheel)
    (said,) = warnings(install(environment, index, *resolver, "torch"))
    known = f"which leaves {GPU}'s nvidia hardware unused. "
    unknown = f"and nothing tells whether it uses {GPU}'s nvidia hardware. "
    assert said == (
        "WARNING: torch 2.12.0 is installed from a wheel without variants, "
        f"{known if requires else unknown}"
        "'pip install --upgrade torch' takes a variant that uses it, where the index has one."
    )
    assert warnings(install(environment, index, *resolver, *UPGRADE, "torch")) == []
    assert installed(environment) == "2.12.0 cuda13"
    assert_settled(install(environment, index, *resolver, *UPGRADE, "torch"))


@RESOLVERS
@pytest.mark.parametrize("how", ["local version", "requirements"])
def test_an_ordinary_wheel_for_the_gpu_stays(
    environment: Environment, index: Index, resolver: Sequence[str], how: str
) -> None:
    version = "2.12.0+cu130" if how == "local version" else "2.12.0"
    requires = ["nvidia-lib"] if how == "requirements" else []
    folder = index.folder
    environment.unpack(
        write_wheel(folder / "torch", "torch", version, requires=requires),
        write_wheel(folder / "nvidia-lib", "nvidia_lib", "1.0"),
    )
    for options in ((), UPGRADE):
        result = install(environment, index, *resolver, *options, "torch")
        assert (installed(environment), warnings(result)) == (version, [])


@RESOLVERS
def test_a_cpu_build_of_a_local_version_is_said_with_advice_that_works(
    environment: Environment, index: Index, resolver: Sequence[str]
) -> None:
    wheel = write_wheel(index.folder / "torch", "torch", "2.12.0+cpu")
    environment.unpack(wheel)
    wheel.unlink()
    (said,) = warnings(install(environment, index, *resolver, "torch"))
    assert said.endswith(
        f"torch 2.12.0+cpu is installed from a wheel without variants, which leaves {GPU}'s "
        "nvidia hardware unused. 'pip install --upgrade torch===2.12.0' takes a variant that uses "
        "it, where the index has one."
    )
    upgraded = install(environment, index, *resolver, *UPGRADE, "torch")
    assert installed(environment).split()[0] == "2.12.0+cpu"  # 2.12.0 would be a downgrade
    assert warnings(upgraded) == [said]
    install(environment, index, *resolver, *UPGRADE, "torch===2.12.0")
    assert installed(environment) == "2.12.0 cuda13"
    assert warnings(install(environment, index, *resolver, *UPGRADE, "torch")) == []


@RESOLVERS
@pytest.mark.parametrize(
    ("setting", "label"),
    [
        ({"VARIANTSEL_TAKE": "torch=cuda12"}, "cuda12"),
        ({"VARIANTSEL_NEVER": "torch=cuda13"}, "cuda12"),
        ({"VARIANTSEL_TAKE": "torch=null"}, "null"),
        ({"VARIANTSEL_PREFER": "nvidia :: cuda_version_lower_bound :: 12.0"}, "cuda12"),
    ],
    ids=["take", "never", "take null", "prefer"],
)
def test_an_upgrade_follows_a_preference_that_is_new_once(
    environment: Environment,
    index: Index,
    resolver: Sequence[str],
    setting: dict[str, str],
    label: str,
) -> None:
    install(environment, index, *resolver, "torch")
    assert installed(environment) == "2.12.0 cuda13"
    plain = install(environment, index, *resolver, "torch", **setting)
    rule = next(iter(setting)).removeprefix("VARIANTSEL_").lower()
    if rule != "prefer":  # which of what the index has it prefers is not known without asking
        (said,) = warnings(plain)
        assert f"is installed as variant cuda13, but {rule} = " in said
        assert said.endswith(
            "'pip install --upgrade torch' takes what does, where the index has one."
        )
    upgraded = install(environment, index, *resolver, *UPGRADE, "torch", **setting)
    assert installed(environment) == f"2.12.0 {label}"
    assert f"Taking {label} instead." in upgraded.stdout
    assert_settled(install(environment, index, *resolver, *UPGRADE, "torch", **setting))


@RESOLVERS
def test_a_gpu_that_is_too_old_for_every_variant_is_said_and_nothing_is_installed_again(
    environment: Environment, index: Index, resolver: Sequence[str], tmp_path: Path
) -> None:
    old = tmp_path / "old.toml"
    old.write_text(
        '[properties.nvidia]\ncuda_version_lower_bound = ["11.8"]\nsm_arch = ["61_real"]\n'
    )
    install(environment, index, *resolver, "torch", target=CPU)
    result = install(environment, index, *resolver, *UPGRADE, "torch", target=str(old))
    assert "Successfully installed" not in result.stdout
    (said,) = warnings(result)
    assert said.endswith("hardware unused. No other build of this version could be taken.")


def test_a_better_build_whose_requirements_cannot_be_had_leaves_the_installed_one(
    environment: Environment, index: Index
) -> None:
    install(environment, index, "torch", target=CPU)
    for label in ("cuda13", "cuda12"):
        write_wheel(
            *(index.folder / "torch", "torch", "2.12.0"),
            label=label,
            variant_json=DOCUMENT,
            requires=["nvidia-missing"],
        )
    (index.folder / "nvidia-missing").mkdir()
    result = install(environment, index, *UPGRADE, "torch")
    assert installed(environment) == "2.12.0 null"
    assert "Successfully installed" not in result.stdout


def test_extras_and_pins_take_the_better_build_of_the_version_too(
    environment: Environment, index: Index
) -> None:
    write_wheel(index.folder / "nvidia-lib", "nvidia_lib", "1.0")
    for label in ("cuda13", "cuda12", "null"):
        write_wheel(
            *(index.folder / "torch", "torch", "2.12.0"),
            label=label,
            variant_json=DOCUMENT,
            requires=["nvidia-lib; extra == 'more'"],
            extras=["more"],
        )
    install(environment, index, "torch", target=CPU)
    write_release(index.folder / "torch", "torch", "2.13.0", DOCUMENT)
    install(environment, index, *UPGRADE, "torch[more]==2.12.0")
    assert installed(environment) == "2.12.0 cuda13"
    assert environment.run("-c", "import nvidia_lib").returncode == 0
    assert_settled(install(environment, index, *UPGRADE, "torch[more]==2.12.0"))


@RESOLVERS
def test_a_hash_that_only_the_installed_build_has_keeps_it(
    environment: Environment, index: Index, resolver: Sequence[str], tmp_path: Path
) -> None:
    install(environment, index, *resolver, "torch", target=CPU)
    null = (index.folder / "torch" / "torch-2.12.0-py3-none-any-null.whl").read_bytes()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"torch==2.12.0 --hash=sha256:{hashlib.sha256(null).hexdigest()}\n")
    result = install(environment, index, *resolver, *UPGRADE, "-r", str(requirements))
    assert installed(environment) == "2.12.0 null"
    assert "Successfully installed" not in result.stdout


@RESOLVERS
def test_an_upgrade_never_takes_an_older_version_for_the_sake_of_the_gpu(
    environment: Environment, index: Index, resolver: Sequence[str]
) -> None:
    write_release(index.folder / "torch", "torch", "2.13.0.dev1", DOCUMENT)
    install(environment, index, *resolver, "torch==2.13.0.dev1", target=CPU)
    assert installed(environment) == "2.13.0.dev1 null"
    install(environment, index, *resolver, *UPGRADE, "torch")
    assert installed(environment) == "2.13.0.dev1 null"
    install(environment, index, *resolver, *UPGRADE, "--pre", "torch")
    assert installed(environment) == "2.13.0.dev1 cuda13"


@RESOLVERS
def test_a_file_of_ones_own_of_which_nothing_tells_is_left_alone(
    environment: Environment, index: Index, resolver: Sequence[str], tmp_path: Path
) -> None:
    own = write_wheel(tmp_path, "torch", "2.12.0", module="LABEL = 'my own'\n")
    install(environment, index, *resolver, str(own))
    for options in ((), UPGRADE):
        assert warnings(install(environment, index, *resolver, *options, "torch")) == []
        assert installed(environment) == "2.12.0 my own"


def test_an_upgrade_leaves_what_its_strategy_does_not_allow_to_change(
    environment: Environment, index: Index
) -> None:
    write_wheel(index.folder / "app", "app", "1.0", requires=["torch"])
    install(environment, index, "torch", target=CPU)
    (said,) = warnings(install(environment, index, *UPGRADE, "app"))
    assert f"leaves {GPU}'s nvidia hardware unused" in said
    assert installed(environment) == "2.12.0 null"
    install(environment, index, *UPGRADE, "--upgrade-strategy", "eager", "app")
    assert installed(environment) == "2.12.0 cuda13"


def test_a_build_of_which_nothing_tells_gives_way_to_a_cpu_build_with_a_warning(
    environment: Environment, index: Index
) -> None:
    own = write_wheel(index.folder / "torch", "torch", "2.11.0")
    write_wheel(index.folder / "torch", "torch", "2.12.1+cpu")
    environment.unpack(own)
    expected = (
        f"torch 2.11.0, of which nothing tells whether it uses {GPU}'s nvidia hardware, would "
        "be replaced by 2.12.1+cpu, which does not (torch-2.12.1+cpu-py3-none-any.whl). "
        "Because of: torch==2.12.1 (asked for)"
    )
    options = ("install", "--index-url", index.url, "torch==2.12.1")
    variables = {"VARIANTSEL_TARGET": GPU, "VARIANTSEL_STRICT": "1"}
    strict = environment.pip(*options, variables=variables)
    assert strict.returncode == 1
    assert f"ERROR: variantsel (strict): {expected}" in strict.stderr
    assert installed(environment).split()[0] == "2.11.0"
    assert f"WARNING: {expected}" in install(environment, index, "torch==2.12.1").stderr
    assert installed(environment).split()[0] == "2.12.1+cpu"


def test_nvidias_own_build_gives_way_to_a_null_variant_with_a_warning(
    environment: Environment, index: Index
) -> None:
    for label in ("cuda12", "cuda13"):
        (index.folder / "torch" / f"torch-2.12.0-py3-none-any-{label}.whl").unlink()
    version = "2.9.0a0+50eac811a6.nv25.9"
    environment.unpack(write_wheel(index.folder / "torch", "torch", version))
    said = install(environment, index, "torch==2.12.0").stderr
    assert (
        f"WARNING: torch {version}, which uses nvidia hardware, would be replaced by 2.12.0 "
        "(variant null), which does not (torch-2.12.0-py3-none-any-null.whl)."
    ) in said


@RESOLVERS
@pytest.mark.parametrize("core_metadata", [True, False], ids=["core-metadata", "plain"])
def test_a_variant_that_lost_its_label_is_said_once_and_not_installed_again_and_again(
    environment: Environment, index: Index, resolver: Sequence[str], core_metadata: bool
) -> None:
    index.core_metadata = core_metadata
    folder = index.folder / "torch"
    repacked = folder / "torch-2.12.0-py3-none-any-cuda13.whl"
    repacked.rename(folder / "torch-2.12.0-py3-none-any.whl")  # what 'wheel pack' makes of it
    for other in ("null.whl", "cuda12.whl"):
        (folder / f"torch-2.12.0-py3-none-any-{other}").unlink()
    install(environment, index, *resolver, "torch==2.12.0")
    assert installed(environment) == "2.12.0 cuda13"
    for _ in range(2):
        upgraded = install(environment, index, *resolver, *UPGRADE, "torch==2.12.0", target=CPU)
        assert "Successfully installed" not in upgraded.stdout
        lost, unfit = warnings(upgraded)
        assert lost == (
            "WARNING: torch-2.12.0-py3-none-any.whl is variant cuda13 of torch 2.12.0: it lost its "
            "label, as wheels do that are packed again. It is not taken in place of what is "
            "installed, which is the same."
        )
        assert "torch 2.12.0 is installed as variant cuda13, which does not fit" in unfit
        assert unfit.endswith("Nothing else could be taken.")
    assert_settled(install(environment, index, *resolver, *UPGRADE, "torch"))


@RESOLVERS
def test_a_wish_for_no_variant_does_not_take_a_variant_that_lost_its_label_again_and_again(
    environment: Environment, index: Index, resolver: Sequence[str]
) -> None:
    folder = index.folder / "torch"
    (folder / "torch-2.12.0-py3-none-any-null.whl").rename(folder / "torch-2.12.0-py3-none-any.whl")
    wish = {"VARIANTSEL_TAKE": "torch=non-variant"}
    install(environment, index, *resolver, "torch", **wish)
    assert installed(environment) == "2.12.0 null"
    upgraded = install(environment, index, *resolver, *UPGRADE, "torch", **wish)
    assert "Successfully installed" not in upgraded.stdout
    lost, unmet = warnings(upgraded)
    assert "is variant null of torch 2.12.0: it lost its label" in lost
    assert unmet.endswith(
        "is installed as variant null, but take = non-variant, set in VARIANTSEL_TAKE. No other "
        "build of this version could be taken."
    )


def test_a_variant_is_known_by_what_it_holds_whatever_the_index_calls_it(
    environment: Environment, index: Index
) -> None:
    install(environment, index, "torch")
    for path in (index.folder / "torch").glob("torch-2.12.0*"):
        path.unlink()
    renamed = metadata({"c13": CUDA13, "c12": CUDA12, "null": {}}, namespaces=["nvidia"])
    write_release(index.folder / "torch", "torch", "2.12.0", renamed)
    assert_settled(install(environment, index, *UPGRADE, "torch"))


def test_a_folder_that_was_filled_for_another_machine_is_listed_for_it(
    environment: Environment, index: Index, tmp_path: Path
) -> None:
    folder = index.folder / "torch"
    for wheel in folder.glob("*.whl"):
        wheel.unlink()
    for machine in ("aarch64", "x86_64"):
        write_release(folder, "torch", "2.12.0", DOCUMENT, tag=f"py3-none-manylinux_2_28_{machine}")
    layer = tmp_path / "layer"
    filled = environment.run(
        *("-m", "variantsel", "pip", "--target", GPU, "install", "--index-url", index.url),
        *("--into", str(layer), "torch"),
    )
    assert filled.returncode == 0, filled.stderr

    def listed(target: str) -> Any:
        command = ("-m", "variantsel", "list", "--target", target, "--path", str(layer))
        return environment.run(*command)

    assert (listed(GPU).returncode, "cuda13" in listed(GPU).stdout) == (0, True)
    other = listed(OF_ANOTHER_TYPE)
    assert other.returncode == 1
    assert "it was installed from a wheel for py3-none-manylinux_2_28_" in other.stdout
    assert f", which {OF_ANOTHER_TYPE}@" in other.stdout


def test_list_says_what_pip_says_of_an_installed_cpu_build(
    environment: Environment, index: Index
) -> None:
    wheel = write_wheel(index.folder / "torch", "torch", "2.12.0+cpu")
    install(environment, index, "torch", target=CPU)
    wheel.unlink()
    (said,) = warnings(install(environment, index, "torch"))
    listed = environment.run("-m", "variantsel", "list", variables={"VARIANTSEL_TARGET": GPU})
    assert listed.returncode == 3
    assert f"torch    2.12.0+cpu  -        idle  it leaves {GPU}'s nvidia hardware unused." in (
        listed.stdout
    )
    assert f"leaves {GPU}'s nvidia hardware unused" in said
    for shown in (listed.stdout, said):
        assert "'pip install --upgrade torch===2.12.0' takes" in shown
