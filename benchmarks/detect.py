"""How long does asking for the GPU take, the first time in a boot and after that?

Against a compiled stand-in for NVIDIA's library (``tests/providers/nvml_stub.c``) whose init takes
0, 200 and 2,000 ms, as that of a machine whose driver sleeps does. Every question is a process of
its own, as every run of pip is; the stand-in logs its calls, so that it is known who was asked.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import REPOSITORY
from benchmarks.report import Options, Reach, Report, Table, run_alone, seconds

__all__ = ["measure", "run"]

QUESTION = "What the NVIDIA driver supports: the first process of a boot, and the next."

STUB_SOURCE = REPOSITORY / "tests" / "providers" / "nvml_stub.c"
HOPPER = "cuda_v2 12080\ngpu 9 0\n"
BLACKWELL = "cuda_v2 13000\ngpu 10 0\n"

_ASK = """
import sys, time
sys.path[:] = {path!r}
from variantsel import ProviderInfo, Target
target = Target.host()
started = time.perf_counter()
support = target.support("nvidia", ProviderInfo(requires=("nvidia-variant-provider",)))
print(time.perf_counter() - started, support.features["sm_arch"][0])
"""

# A command in front of another, with a /dev of its own for that one alone: a folder to mount it
# on, and what is to be in it. Needs Linux's user namespaces.
_WITH_DEVICES = (
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"),
    'mount -t tmpfs none "$0"; for name in null $1; do touch "$0/$name"; done; '
    'mount --bind /dev/null "$0/null"; mount --rbind "$0" /dev; shift; exec "$@"',
)


def run(options: Options) -> Report:
    """Answer the question."""
    if options.quick:
        return measure(options, (0, 200, 2000), rounds=1)
    return measure(options, (0, 200, 2000), rounds=7)


def measure(options: Options, delays_ms: Sequence[int], *, rounds: int) -> Report:
    """Measure drivers that take so long to initialise.

    :param rounds: how many boots a delay; each asks once cold and twice after.
    """
    report = Report("detect", QUESTION, options)
    if sys.platform != "linux" or shutil.which("cc") is None:
        report.notes.append("not measured: the stand-in needs Linux and a C compiler (cc)")
        return report
    with tempfile.TemporaryDirectory() as folder:
        machine = _Machine(Path(folder))
        table = Table(
            "Asking for the GPU (medians)",
            ("the driver's init", "first process", "next process", "the next asks the driver"),
        )
        asked_again = 0
        for delay_ms in delays_ms:
            cold, warm = _boots(machine, delay_ms, rounds)
            again = sum(answer.asked_driver for answer in warm)
            asked_again += again
            first = statistics.median(answer.seconds for answer in cold)
            following = statistics.median(answer.seconds for answer in warm)
            table.add(
                f"{delay_ms} ms", seconds(first), seconds(following), f"{again} of {len(warm)}"
            )
            report.numbers[f"{delay_ms} ms"] = {
                "first_s": [answer.seconds for answer in cold],
                "next_s": [answer.seconds for answer in warm],
                "next_asked_the_driver": again,
            }
        report.tables.append(table)
        report.reaches.append(
            Reach("later processes of a boot that wait for the driver", asked_again, 0)
        )
        noticed = _changes_noticed(machine)
    changes = Table("A change between two processes", ("what changed", "noticed"))
    for what, is_noticed in noticed.items():
        changes.add(what, "yes" if is_noticed else "NO")
    report.tables.append(changes)
    report.reaches.append(
        Reach("changes that are noticed", sum(noticed.values()), len(noticed), at_least=True)
    )
    report.numbers["noticed"] = noticed
    if not _can_change_devices():
        report.notes.append("a changed set of devices: not measured, since unshare is refused here")
    return report


@dataclass(frozen=True)
class _Answer:
    """What one process found out.

    :ivar seconds: how long it waited for the answer, its own start not counted.
    :ivar best_sm_arch: the first value of ``sm_arch``.
    :ivar asked_driver: whether the driver was initialised for it.
    """

    seconds: float
    best_sm_arch: str
    asked_driver: bool


class _Machine:
    """A machine with the stand-in driver, and folders of its own for whatever is remembered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boots = 0
        self._library = folder / "driver" / "libnvidia-ml.so.1"
        self._library.parent.mkdir()
        self._inventory = folder / "inventory"
        self._log = folder / "calls"
        self._devices = folder / "dev"
        self._devices.mkdir()
        self.install_driver()
        self.boot()

    def install_driver(self) -> None:
        """Put the driver's library there, as a file of its own each time."""
        fresh = self._library.with_name("fresh")
        command = ["cc", "-shared", "-fPIC", "-o", str(fresh), str(STUB_SOURCE)]
        subprocess.run(command, check=True)
        fresh.replace(self._library)

    def boot(self) -> None:
        """Forget whatever was remembered."""
        self._boots += 1
        self._home = self._folder / f"boot{self._boots}"
        self._home.mkdir(mode=0o700)

    def set_up(self, inventory: str, delay_ms: int = 0) -> None:
        """Choose what the driver tells, and how long its init takes."""
        self._inventory.write_text(f"log {self._log}\ndelay_ms {delay_ms}\n{inventory}")

    def ask(
        self, variables: Mapping[str, str] | None = None, devices: Sequence[str] | None = None
    ) -> _Answer:
        """Ask in a process of its own.

        :param devices: the names in ``/dev`` that the process finds; the real ones where ``None``.
        """
        self._log.unlink(missing_ok=True)
        command = [sys.executable, "-c", _ASK.format(path=sys.path)]
        if devices is not None:
            command = [*_WITH_DEVICES, str(self._devices), " ".join(devices), *command]
        run = subprocess.run(
            command,
            env={**self._environment(), **(variables or {})},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        waited, best_sm_arch = run.stdout.split()
        return _Answer(float(waited), best_sm_arch, self._log.exists())

    def _environment(self) -> dict[str, str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NV_VARIANT_", "VARIANTSEL", "CUDA_", "NVIDIA_"))
        }
        places = ("HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR")
        return {
            **own,
            **dict.fromkeys(places, str(self._home)),
            "LD_LIBRARY_PATH": str(self._library.parent),
            "NVML_STUB_INVENTORY": str(self._inventory),
        }


def _boots(machine: _Machine, delay_ms: int, rounds: int) -> tuple[list[_Answer], list[_Answer]]:
    """The first answer of each boot, and the two after it."""
    machine.set_up(HOPPER, delay_ms)
    cold, warm = [], []
    for _ in range(rounds):
        machine.boot()
        cold.append(machine.ask())
        warm += [machine.ask(), machine.ask()]
    return cold, warm


def _changes_noticed(machine: _Machine) -> dict[str, bool]:
    noticed: dict[str, bool] = {}

    machine.boot()
    machine.set_up(HOPPER)
    machine.ask()
    machine.set_up(BLACKWELL)
    machine.install_driver()
    noticed["the driver (its library is another file)"] = machine.ask().best_sm_arch == "100_real"

    for variable in ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"):
        machine.boot()
        machine.set_up(HOPPER)
        machine.ask({variable: "0"})
        machine.set_up(BLACKWELL)
        answer = machine.ask({variable: "1"})
        noticed[f"{variable} (0, then 1)"] = answer.best_sm_arch == "100_real"

    if _can_change_devices():
        machine.boot()
        machine.set_up(HOPPER)
        machine.ask(devices=["nvidia0"])
        machine.set_up(BLACKWELL)
        answer = machine.ask(devices=["nvidia0", "nvidia1"])
        noticed["the devices (one more in /dev)"] = answer.best_sm_arch == "100_real"

    machine.boot()
    machine.set_up(HOPPER)
    machine.ask()
    forced = machine.ask({"NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "8.0"})
    noticed["NV_VARIANT_PROVIDER_FORCE_SM_ARCH"] = forced.best_sm_arch == "80_real"
    return noticed


def _can_change_devices() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = [*_WITH_DEVICES, folder, "", "true"]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False


if __name__ == "__main__":
    run_alone(run)
