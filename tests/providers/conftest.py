"""How the provider tests ask: always in a process of their own.

NVIDIA's library is loaded once per process and by the system's loader, and importing a published
provider package replaces ``archspec`` for the whole process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from variantsel_providers.feature import VariantFeatureConfig

NVML = "libnvidia-ml.so.1"
CUDA = "libcuda.so.1"
LEVEL_ZERO = "libze_loader.so.1"

ASK = """
import importlib, json, sys, warnings
from pathlib import Path

provider = importlib.import_module(f"variantsel_providers.{sys.argv[1]}")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    configs = provider.get_supported_configs(root=Path(sys.argv[2]))
print(json.dumps({
    "configs": [[c.name, c.values, c.multi_value] for c in configs],
    "told": [[w.category.__name__, str(w.message)] for w in told],
}))
"""

# Both sides are handed the same microarchitecture object: once those of the archspec we depend on,
# once those of the older copy that the published package carries. What archspec says of a CPU
# differs from release to release; the rules on top of it must not.
ASK_PUBLISHED = """
import importlib, json, sys
import archspec.cpu

provider_name, package, plugin_class = sys.argv[1:]
provider = importlib.import_module(f"variantsel_providers.{provider_name}")
ours_on_host = provider.get_supported_configs()
dependency = sys.modules["archspec"]
host = dependency.cpu.host()

for name in [name for name in sys.modules if name.partition(".")[0] == "archspec"]:
    del sys.modules[name]
published = importlib.import_module(f"{package}.plugin")
carried = published.archspec
assert carried is not dependency

def theirs(archspec, microarchitecture):
    published.archspec = archspec
    archspec.cpu.host = lambda: microarchitecture
    configs = getattr(published, plugin_class)().get_supported_configs(None)
    return [[c.name, c.values] for c in configs]

def ours(microarchitecture):
    return plain(provider.supported_configs(microarchitecture))

def plain(configs):
    return [[c.name, c.values] for c in configs]

common = sorted(set(dependency.cpu.TARGETS) & set(carried.cpu.TARGETS))
print(json.dumps({
    "host": [plain(ours_on_host), theirs(dependency, host)],
    "dependency": {
        name: [ours(dependency.cpu.TARGETS[name]), theirs(dependency, dependency.cpu.TARGETS[name])]
        for name in common
    },
    "carried": {
        name: [ours(carried.cpu.TARGETS[name]), theirs(carried, carried.cpu.TARGETS[name])]
        for name in common
    },
}))
"""


@dataclass(frozen=True)
class Answer:
    """What a provider answered, the warnings it gave, and the driver calls it made."""

    configs: list[VariantFeatureConfig]
    warnings: list[str]
    calls: list[str]

    @property
    def values(self) -> dict[str, list[str]]:
        return {config.name: config.values for config in self.configs}


def run(
    script: str, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="session")
def build_stub(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles a stub of a driver's library; returns the folder to put on the loader's path.

    Takes the C file beside the tests, the library's file name, and compile-time switches.
    """
    if sys.platform != "linux":
        pytest.skip("stubs are loaded through LD_LIBRARY_PATH, which only Linux has")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) to build stubs of driver libraries with")
    built: dict[tuple[str, ...], Path] = {}

    def build(source: str, library: str, *defines: str) -> Path:
        key = (source, library, *defines)
        if key not in built:
            folder = tmp_path_factory.mktemp("stub")
            subprocess.run(
                [
                    compiler,
                    *("-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"),
                    f"-Wl,-soname,{library}",
                    *(f"-D{define}" for define in defines),
                    *("-o", str(folder / library), str(Path(__file__).with_name(source))),
                ],
                check=True,
            )
            built[key] = folder
        return built[key]

    return build


def ask_provider(
    provider: str, folder: Path, library: Path | str, environment: dict[str, str]
) -> Answer:
    """Ask one of our providers about the machine whose files are in ``folder/root``.

    ``library`` is the folder of the stub to load, or the name of one that shall not be found;
    ``environment`` is added to this process's, without what forces a provider's answer.
    """
    if isinstance(library, str):
        # A file that is no library hides a driver the test machine itself may have.
        absent = folder / "no-driver"
        absent.mkdir()
        (absent / library).write_text("not a library\n")
        library = absent
    inherited = {
        name: value for name, value in os.environ.items() if "_VARIANT_PROVIDER_" not in name
    }
    answer = json.loads(
        run(
            ASK,
            provider,
            str(folder / "root"),
            environment=inherited | {"LD_LIBRARY_PATH": str(library)} | environment,
        ).stdout
    )
    assert all(category == "ProviderWarning" for category, _ in answer["told"])
    calls = folder / "calls"
    return Answer(
        configs=[VariantFeatureConfig(*config) for config in answer["configs"]],
        warnings=[message for _, message in answer["told"]],
        calls=calls.read_text().split() if calls.exists() else [],
    )


def write_machine(
    folder: Path, files: dict[str, str], pci: tuple[tuple[str, str], ...] = ()
) -> None:
    """Write the files of a machine below ``folder/root``.

    ``pci`` lists the (vendor, class) of the devices on its PCI bus, each behind its own bridge.
    """
    contents = dict(files)
    for index, (vendor, kind) in enumerate(pci):
        device = f"sys/bus/pci/devices/0000:{index + 1:02x}:00.0"
        contents |= {f"{device}/vendor": f"{vendor}\n", f"{device}/class": f"{kind}\n"}
    for path, content in contents.items():
        (folder / "root" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "root" / path).write_text(content)


def write_inventory(folder: Path, inventory: str) -> str:
    """Write what a stub driver has; its calls are logged beside it."""
    path = folder / "inventory"
    path.write_text(f"log {folder / 'calls'}\n{inventory}\n")
    return str(path)


@pytest.fixture
def ask_nvidia(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Answer]:
    """Asks the nvidia provider on a machine made up for the test.

    ``inventory`` is the stub driver's (see nvml_stub.c), None for a machine without a driver;
    ``without`` names the stub's compile-time switches; ``pci`` lists the (vendor, class) of the
    devices on the PCI bus; ``files`` are others of the machine; ``forced`` holds variables.
    With ``place`` the driver lies in that folder of the machine, which the loader does not know.
    ``cuda`` is the inventory of a stub libcuda (see cuda_stub.c), None for a machine without one;
    ``modules`` are Python modules that come before all others, ``{name: source}``.
    """

    def ask(
        inventory: str | None,
        *,
        without: tuple[str, ...] = (),
        pci: tuple[tuple[str, str], ...] = (),
        files: dict[str, str] | None = None,
        forced: dict[str, str] | None = None,
        place: str = "",
        cuda: str | None = None,
        modules: dict[str, str] | None = None,
    ) -> Answer:
        write_machine(tmp_path, files or {}, pci)
        library: Path | str = NVML
        environment = dict(forced or {})
        if inventory is not None:
            library = request.getfixturevalue("build_stub")("nvml_stub.c", NVML, *without)
            environment["NVML_STUB_INVENTORY"] = write_inventory(tmp_path, inventory)
        if cuda is not None:
            built = request.getfixturevalue("build_stub")("cuda_stub.c", CUDA)
            environment["CUDA_STUB_INVENTORY"] = cuda
            if library == NVML:
                library = built
            else:
                environment["LD_LIBRARY_PATH"] = f"{library}:{built}"
        if place:
            assert isinstance(library, Path)
            folder = tmp_path / "root" / place
            shutil.copytree(library, folder)
            library = NVML
        for name, source in (modules or {}).items():
            (tmp_path / "modules").mkdir(exist_ok=True)
            (tmp_path / "modules" / f"{name}.py").write_text(source)
            environment["PYTHONPATH"] = str(tmp_path / "modules")
        return ask_provider("nvidia", tmp_path, library, environment)

    return ask


@pytest.fixture
def ask_intel(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Answer]:
    """Asks the intel provider on a machine made up for the test.

    ``inventory`` is the stub loader's (see ze_stub.c), None for a machine without Level Zero; the
    rest is as for ``ask_nvidia``.
    """

    def ask(
        inventory: str | None,
        *,
        without: tuple[str, ...] = (),
        pci: tuple[tuple[str, str], ...] = (),
        files: dict[str, str] | None = None,
        forced: dict[str, str] | None = None,
    ) -> Answer:
        write_machine(tmp_path, files or {}, pci)
        library: Path | str = LEVEL_ZERO
        environment = dict(forced or {})
        if inventory is not None:
            library = request.getfixturevalue("build_stub")("ze_stub.c", LEVEL_ZERO, *without)
            environment["ZE_STUB_INVENTORY"] = write_inventory(tmp_path, inventory)
        return ask_provider("intel", tmp_path, library, environment)

    return ask


@pytest.fixture(scope="session")
def ask_published() -> Callable[[str, str, str], dict]:
    """Our answers beside those of a published package: {source of figures: {CPU: [ours, theirs]}}.

    Takes our module's name, the package's import name and its plugin class.
    """

    def ask(provider: str, package: str, plugin_class: str) -> dict:
        return json.loads(run(ASK_PUBLISHED, provider, package, plugin_class).stdout)

    return ask


@pytest.fixture
def imported_by() -> Callable[[str], set[str]]:
    """The top-level names that importing a module brings in, in a fresh interpreter."""

    def imported(module: str) -> set[str]:
        script = f"import sys, {module}; print(*sys.modules)"
        return {name.partition(".")[0] for name in run(script).stdout.split()}

    return imported
