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

STUB_SOURCE = Path(__file__).with_name("nvml_stub.c")

ASK_NVIDIA = """
import json, sys, warnings
from pathlib import Path
from variantsel_providers import nvidia

nvidia._PCI_DEVICES = Path(sys.argv[1])
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    configs = nvidia.get_supported_configs()
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
    """What the nvidia provider answered, the warnings it gave, and the driver calls it made."""

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
def stub_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles the NVML stub; returns the folder to put on the loader's path."""
    if sys.platform != "linux":
        pytest.skip("the NVML stub is loaded through LD_LIBRARY_PATH, which only Linux has")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) to build the NVML stub with")
    built: dict[tuple[str, ...], Path] = {}

    def build(*defines: str) -> Path:
        if defines not in built:
            folder = tmp_path_factory.mktemp("nvml")
            subprocess.run(
                [
                    compiler,
                    *("-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"),
                    *(f"-D{define}" for define in defines),
                    *("-o", str(folder / "libnvidia-ml.so.1"), str(STUB_SOURCE)),
                ],
                check=True,
            )
            built[defines] = folder
        return built[defines]

    return build


@pytest.fixture
def ask_nvidia(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Answer]:
    """Asks the nvidia provider on a machine made up for the test.

    ``inventory`` is the stub driver's (see nvml_stub.c), None for a machine without a driver;
    ``without`` names the stub's compile-time switches; ``pci`` lists the (vendor, class) of the
    devices on the PCI bus; ``forced`` holds override variables.
    """

    def ask(
        inventory: str | None,
        *,
        without: tuple[str, ...] = (),
        pci: tuple[tuple[str, str], ...] = (),
        forced: dict[str, str] | None = None,
    ) -> Answer:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("NV_VARIANT_PROVIDER_")
        }
        calls = tmp_path / "calls"
        if inventory is None:
            # A file that is no library hides a driver the test machine itself may have.
            library = tmp_path / "no-driver"
            library.mkdir()
            (library / "libnvidia-ml.so.1").write_text("not a library\n")
        else:
            library = request.getfixturevalue("stub_library")(*without)
            stock = tmp_path / "inventory"
            stock.write_text(f"log {calls}\n{inventory}\n")
            environment["NVML_STUB_INVENTORY"] = str(stock)
        environment["LD_LIBRARY_PATH"] = str(library)
        bus = tmp_path / "pci"
        for index, (vendor, kind) in enumerate(pci):
            device = bus / f"0000:{index:02x}:00.0"
            device.mkdir(parents=True)
            (device / "vendor").write_text(f"{vendor}\n")
            (device / "class").write_text(f"{kind}\n")
        answer = json.loads(
            run(ASK_NVIDIA, str(bus), environment=environment | (forced or {})).stdout
        )
        assert all(category == "ProviderWarning" for category, _ in answer["told"])
        return Answer(
            configs=[VariantFeatureConfig(*config) for config in answer["configs"]],
            warnings=[message for _, message in answer["told"]],
            calls=calls.read_text().split() if calls.exists() else [],
        )

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
