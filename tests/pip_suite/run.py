"""Run pip's own test suite with the variantsel plugin active, or without it.

    python tests/pip_suite/run.py [--plugin] CHECKOUT PYTHON RESULTS [-- PYTEST ARGUMENTS]

CHECKOUT is a checkout of pypa/pip, PYTHON an environment with that pip and the dependencies of its
tests, RESULTS the file to write; tests/README.md says how to make them. Nothing is written into
the checkout by this script.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

WITNESS = '''

def _witnessed(attach=attach):
    """Write down that pip was attached to, for the run to count."""
    import os, pip
    from pip._internal.models.wheel import Wheel

    attach()
    attached = Wheel.__init__.__module__.startswith("variantsel.")
    with open(os.environ["PIP_SUITE_WITNESS"], "a") as file:
        file.write(f"{os.getpid()} {pip.__version__} {'attached' if attached else 'not'}\\n")


attach = _witnessed
'''


def install_plugin(python: Path, folder: Path) -> None:
    """Install this checkout with its dependencies into a folder, where pip does not list it."""
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--target", str(folder), str(REPOSITORY)],
        check=True,
    )
    for metadata in folder.glob("*.dist-info"):
        shutil.rmtree(metadata)
    with (folder / "variantsel" / "pip_plugin" / "attach.py").open("a") as module:
        module.write(WITNESS)
    # The tests forbid Python to write bytecode: what is stale would be compiled at every start.
    subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], check=True)
    write_hook = (
        "import pathlib, sys, variantsel.pip_plugin.activation as activation; "
        "pathlib.Path(sys.argv[1]).write_text(activation.hook_text())"
    )
    subprocess.run(
        [str(python), "-c", write_hook, str(folder / "variantsel.pth")],
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=True,
    )


def run_suite(
    checkout: Path, python: Path, results: Path, folder: Path | None, arguments: list[str]
) -> int:
    """Run pytest in the checkout with none of the caller's settings for pip.

    :param folder: where variantsel is; ``None`` to run without it.
    :returns: pytest's exit status.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "VARIANTSEL", "PYTHON"))
    }
    variables |= {
        "LC_CTYPE": "en_US.UTF-8",
        "PYTHONPATH": str(Path(__file__).parent),
        "PIP_SUITE_RESULTS": str(results),
        "PIP_SUITE_WITNESS": f"{results}.attached",
    }
    if folder is not None:
        variables["PIP_SUITE_PLUGIN"] = str(folder)
    command = [
        *(str(python), "-m", "pytest", "-p", "variantsel_in_pip_suite"),
        *("-p", "no:cacheprovider", "-m", "not network", *arguments),
    ]
    return subprocess.run(command, cwd=checkout, env=variables, check=False).returncode


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("python", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--plugin", action="store_true", help="with variantsel active")
    parser.add_argument("pytest", nargs="*", default=["tests"], help="arguments for pytest")
    options = parser.parse_args()
    results = options.results.absolute()
    results.unlink(missing_ok=True)
    witness = Path(f"{results}.attached")
    witness.write_text("")
    python = options.python.absolute()
    with tempfile.TemporaryDirectory(prefix="variantsel-") as temporary:
        folder = Path(temporary) / "plugin" if options.plugin else None
        if folder is not None:
            install_plugin(python, folder)
        status = run_suite(options.checkout, python, results, folder, options.pytest)
    attached = witness.read_text().splitlines()
    count = sum(line.endswith(" attached") for line in attached)
    print(f"attached in {count} processes; stood aside in {len(attached) - count}")
    return status


if __name__ == "__main__":
    sys.exit(main())
