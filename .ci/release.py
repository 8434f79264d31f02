"""What `.ci/release` does: the source distribution and wheels in dist/, each checked and tried.

Linux gets wheels for every CPython from 3.10, for x86-64 and aarch64, on the oldest glibc and musl
that matter: zig is the compiler for all four. macOS and Windows get one of pure Python until
somebody has the machines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from elftools.elf.elffile import ELFFile

REPOSITORY = Path(__file__).resolve().parents[1]
DIST = REPOSITORY / "dist"
BIN = Path(sys.executable).parent


class Platform(NamedTuple):
    """A kind of Linux.

    :ivar zig: what zig calls it.
    :ivar machine: its marker variable ``platform_machine``.
    :ivar tag: the platform tags of its wheel.
    :ivar libraries: the libraries that the extension may need there.
    """

    zig: str
    machine: str
    tag: str
    libraries: frozenset[str]


GLIBC = frozenset({"libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
MUSL = frozenset({"libc.so"})
DEBIAN_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
PLATFORMS = [
    Platform(
        f"{machine}-linux-gnu.2.17",
        machine,
        f"manylinux2014_{machine}.manylinux_2_17_{machine}",
        GLIBC,
    )
    for machine in DEBIAN_MACHINES
] + [
    Platform(f"{machine}-linux-musl", machine, f"musllinux_1_2_{machine}", MUSL)
    for machine in DEBIAN_MACHINES
]

EXTENSION = "variantsel/ranking/_native.abi3.so"
C_FUNCTIONS = {
    *("bcmp", "free", "malloc", "memchr", "memcmp", "memcpy", "memmove", "memset"),
    *("qsort", "realloc", "strlen", "strncmp"),
}
"""What the extension may take from the C library."""

QUICK_TESTS = ("tests/formats", "tests/ranking", "tests/selection", "tests/test_spec_vectors.py")


def main() -> None:
    """Build, check, try."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        sdist = build_sdist()
        wheels = [build_wheel(sdist, platform, Path(folder)) for platform in PLATFORMS]
        pure = build_pure_wheel(sdist, Path(folder))
        # One for glibc and the pure one: the others come about in the same way.
        for wheel, again in (
            (wheels[0], build_wheel(sdist, PLATFORMS[0], Path(folder), Path(folder, "again"))),
            (pure, build_pure_wheel(sdist, Path(folder), Path(folder, "again"))),
        ):
            if again.read_bytes() != wheel.read_bytes():
                fail(f"{wheel.name}: building it twice gave different bytes")
            print(f"{wheel.name}: building it twice gave the same bytes")
    step("checking")
    check_contents(sdist, [*wheels, pure], pure)
    for wheel, platform in zip(wheels, PLATFORMS, strict=True):
        check_extension(wheel, platform)
    run(BIN / "twine", "check", "--strict", sdist, *wheels, pure)
    run(BIN / "abi3audit", "--strict", "--summary", *wheels)
    if sys.argv[1:] != ["build"]:
        try_out(wheels[0], is_native=True)
        try_out(pure, is_native=False)
        try_out(sdist, is_native=True)
        try_out(sdist, is_native=False, CC="false")
    print("\n| file | bytes |\n|---|---:|")
    for path in (sdist, *wheels, pure):
        print(f"| {path.name} | {path.stat().st_size:,} |")
    print(
        "\nNot tried here: the wheels for musl, since no registry has a Python on musl (what they "
        "take from it was checked); the wheel for aarch64, which .ci/arm64 tries."
    )


# -- building


def build_sdist() -> Path:
    step("the source distribution")
    run(BIN / "python", "-m", "build", "--sdist", "--no-isolation", "--outdir", DIST, REPOSITORY)
    shutil.rmtree(REPOSITORY / "variantsel.egg-info")
    (sdist,) = DIST.glob("*.tar.gz")
    return sdist


def build_wheel(sdist: Path, platform: Platform, folder: Path, dist: Path = DIST) -> Path:
    """A wheel out of the source distribution, which so turns out to be whole."""
    step(f"a wheel for {platform.zig}")
    compiler = f"{sys.executable} -m ziglang cc -target {platform.zig}"
    check_headers(compiler, folder)
    source = unpacked(sdist, folder)
    built = build(
        source,
        CC=compiler,
        LDSHARED=f"{compiler} -shared -s -O3 -fno-sanitize=all",
        CFLAGS="-O3 -Wall -Wextra -Werror -fno-sanitize=all",
        _PYTHON_HOST_PLATFORM=f"linux-{platform.machine}",
        ZIG_GLOBAL_CACHE_DIR=str(folder / "zig"),
    )
    tagged = run(BIN / "wheel", "tags", "--remove", "--platform-tag", platform.tag, built)
    dist.mkdir(exist_ok=True)
    return Path(shutil.move(source / "dist" / tagged.strip(), dist))


def check_headers(compiler: str, folder: Path) -> None:
    """That Python's headers, made for this machine, give the sizes that a platform has."""
    types = {"LONG": "long", "LONG_LONG": "long long", "VOID_P": "void *", "SIZE_T": "size_t"}
    types |= {"WCHAR_T": "wchar_t", "TIME_T": "time_t"}
    source = folder / "sizes.c"
    lines = [f"#include <{header}>" for header in ("pyconfig.h", "time.h", "wchar.h")]
    lines += [f'_Static_assert(SIZEOF_{k} == sizeof({c}), "{c}");' for k, c in types.items()]
    source.write_text("\n".join([*lines, ""]), encoding="ascii")
    include = f"-I{sysconfig.get_path('platinclude')}"
    cache = str(folder / "zig")
    command = [*compiler.split(), include, "-c", source, "-o", folder / "sizes.o"]
    run(*command, ZIG_GLOBAL_CACHE_DIR=cache)


def build_pure_wheel(sdist: Path, folder: Path, dist: Path = DIST) -> Path:
    step("a wheel of pure Python")
    source = unpacked(sdist, folder)
    project = source / "pyproject.toml"
    extension = re.compile(r"^\[\[tool\.setuptools\.ext-modules\]\]\n.*?^(?=\[)", re.M | re.S)
    without, count = extension.subn("", project.read_text(encoding="utf-8"))
    if count != 1:
        fail("pyproject.toml: found no table [[tool.setuptools.ext-modules]] to leave out")
    project.write_text(without, encoding="utf-8")
    return Path(shutil.move(build(source), dist))


def unpacked(sdist: Path, folder: Path) -> Path:
    source = Path(tempfile.mkdtemp(dir=folder))
    with tarfile.open(sdist) as archive:
        archive.extractall(source)
    return source / sdist.name.removesuffix(".tar.gz")


def build(source: Path, **variables: str) -> Path:
    run(BIN / "python", "-m", "build", "--wheel", "--no-isolation", source, **variables)
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel


# -- checking


def check_contents(sdist: Path, wheels: Iterable[Path], pure: Path) -> None:
    """The same files in every wheel, those of the packages; in the sdist what builds them."""
    packages = {"variantsel": "variantsel", "providers": "variantsel_providers"}
    tracked = run("git", "-C", REPOSITORY, "ls-files", *packages).splitlines()
    expected = {
        packages[name.partition("/")[0]] + "/" + name.partition("/")[2]
        for name in tracked
        if name.endswith((".py", ".pyi", ".toml", "py.typed")) and "provider-template" not in name
    }
    sources = {name for name in tracked if name.endswith((".c", ".h"))}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            found = {name for name in archive.namelist() if ".dist-info/" not in name}
        same(wheel, found, expected | (set() if wheel == pure else {EXTENSION}))
        with tempfile.TemporaryDirectory() as folder:  # fails where RECORD says otherwise
            run(BIN / "wheel", "unpack", "--dest", folder, wheel)
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2] for name in archive.getnames()}
    same(sdist, members & sources, sources)


def check_extension(wheel: Path, platform: Platform) -> None:
    """That the extension is of its platform, and takes nothing that an old one has not."""
    with zipfile.ZipFile(wheel) as archive, archive.open(EXTENSION) as file:
        elf = ELFFile(file)
        machine = elf["e_machine"].removeprefix("EM_").lower()
        libraries = {
            tag.needed for tag in elf.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")
        }
        exported, taken = symbols(elf)
    same(wheel, {machine}, {platform.machine})
    same(wheel, libraries - platform.libraries, set())
    same(wheel, exported, {"PyInit__native"})
    from_libc = {name for name in taken if not name.startswith(("Py", "_Py"))}  # abi3audit's part
    same(wheel, from_libc - C_FUNCTIONS, set())
    if platform.libraries == GLIBC:
        shown = run(BIN / "auditwheel", "show", wheel)
        if f'"manylinux_2_17_{platform.machine}"' not in " ".join(shown.split()):
            fail(f"{wheel.name}: auditwheel says otherwise: {shown}")
    elif exports := musl_exports(DEBIAN_MACHINES[platform.machine]):
        same(wheel, from_libc - exports, set())  # auditwheel looks for musl in this machine's glibc
    else:
        print(f"{wheel.name}: skipped: apt-get gives no musl to compare with")


def musl_exports(architecture: str) -> set[str]:
    """What Debian's musl exports, apart from this machine's apt; nothing where that fails."""
    with tempfile.TemporaryDirectory() as name:
        for folder in ("lists/partial", "cache/archives/partial"):
            Path(name, folder).mkdir(parents=True)
        Path(name, "apt.conf").write_text(
            f"""APT {{ Architecture "{architecture}"; Architectures "{architecture}"; }};
            APT::Sandbox::User "root";
            Dir {{ State::Lists "{name}/lists"; State::Status "/dev/null"; Cache "{name}/cache"; }};
            """,
            encoding="utf-8",
        )
        subprocess.run(
            "apt-get update && apt-get download musl && dpkg-deb --extract musl_*.deb .",
            shell=True,
            cwd=name,
            env={**os.environ, "APT_CONFIG": f"{name}/apt.conf"},
            capture_output=True,
            check=False,
        )
        for library in Path(name).glob("lib/*/libc.so"):
            with open(library, "rb") as file:
                return symbols(ELFFile(file))[0]
    return set()


def symbols(elf: ELFFile) -> tuple[set[str], set[str]]:
    """The names that a library exports, and those that it takes from others."""
    exported, taken = set(), set()
    for symbol in elf.get_section_by_name(".dynsym").iter_symbols():
        (taken if symbol["st_shndx"] == "SHN_UNDEF" else exported).add(symbol.name)
    return exported - {""}, taken - {""}


def same(path: Path, found: set[str], expected: set[str]) -> None:
    if found != expected:
        surplus, missing = sorted(found - expected), sorted(expected - found)
        fail(f"{path.name}: found and not expected: {surplus}; expected and not found: {missing}")


# -- trying


def try_out(path: Path, *, is_native: bool, **variables: str) -> None:
    """Install a file into a clean environment, and run the demonstration and quick tests there."""
    setting = "".join(f", {name}={value}" for name, value in variables.items())
    step(f"{path.name} in an environment of its own{setting}")
    with tempfile.TemporaryDirectory() as name:
        environment = Path(name) / "venv"
        python = environment / "bin" / "python"
        run("python3", "-m", "venv", environment)
        run(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip")
        run(python, "-m", "pip", "install", "--quiet", path, "pytest", "hypothesis", **variables)
        version = run(environment / "bin" / "variantsel", "--version", cwd=name)
        if ("(native matcher)" in version) != is_native:
            fail(f"{path.name}: {version}")
        run(environment / "bin" / "variantsel", "demo", cwd=name)
        # Apart from the checkout, whose package would be taken for the installed one.
        for folder in ("tests", "spec", "variantsel/ranking/native"):
            shutil.copytree(REPOSITORY / folder, Path(name) / folder)
        shutil.copy(REPOSITORY / "pyproject.toml", name)
        pytest = environment / "bin" / "pytest"
        print(run(pytest, "--quiet", *QUICK_TESTS, cwd=name).splitlines()[-1])


# -- running


def step(what: str) -> None:
    print(f"== release: {what}", flush=True)


def run(*command: str | Path, cwd: str | Path | None = None, **variables: str) -> str:
    """Run a command and return its output; where it fails, show that and end."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        fail(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def fail(why: str) -> None:
    print(f"== release: FAILED: {why}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
