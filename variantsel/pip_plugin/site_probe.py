"""What a Python says of itself: where it reads start-up hooks from, its pip, its variantsel.

Other Pythons run this file's text, old ones, too: it stands by itself and speaks Python 3.6. They
run it isolated, and it looks at what they see as a rule.
"""

import importlib.util
import json
import os
import platform
import site
import sys
import sysconfig
from pathlib import Path

HOOK = "variantsel.pth"
LENT_BY = "# variantsel is lent by "


def probe():
    # type: () -> dict[str, object]
    """Look at the Python that runs.

    :returns: in JSON's types: ``prefix``, ``executable``, ``python`` (its version),
        ``implementation``; ``own_folders``, where it installs packages; ``user_folder``;
        ``hooks``, the files of that name that it runs as it starts; ``lent_by``, the Python that
        the first of them borrows variantsel from, or ``None``; ``has_variantsel``, installed and
        importable; ``pip``, its version, or ``None``.
    """
    folders = list(getattr(site, "getsitepackages", list)())
    user_folder = getattr(site, "getusersitepackages", str)()
    own_folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    if getattr(site, "ENABLE_USER_SITE", False):
        folders.append(user_folder)
    on_path = [Path(folder).absolute() for folder in sys.path if folder]
    hooks = []  # type: list[str]
    for folder in own_folders + folders:
        hook = Path(folder).absolute() / HOOK
        if hook.parent in on_path and str(hook) not in hooks and hook.is_file():
            hooks.append(str(hook))
    return {
        "prefix": sys.prefix,
        "executable": sys.executable,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "own_folders": own_folders,
        "user_folder": user_folder,
        "hooks": hooks,
        "lent_by": _lent_by(hooks[0]) if hooks else None,
        "has_variantsel": _has_variantsel(),
        "pip": _pip_version(),
    }


def _lent_by(hook):
    # type: (str) -> object
    with open(hook) as file:
        line = file.readline()
    return line[len(LENT_BY) :].strip() if line.startswith(LENT_BY) else None


def _has_variantsel():
    # type: () -> bool
    spec = importlib.util.find_spec("variantsel")
    folders = list(spec.submodule_search_locations or []) if spec is not None else []
    return any((Path(folder) / "pip_plugin" / "startup.py").is_file() for folder in folders)


def _pip_version():
    # type: () -> object
    """The version of the pip that ``python -m pip`` would run."""
    for folder in sys.path:
        file = Path(folder) / "pip" / "__init__.py"
        if folder and file.is_file():
            for line in file.read_text().splitlines():
                if line.startswith("__version__"):
                    return line.partition("=")[2].strip().strip("'\"")
    return None


def _see_user_packages():
    # type: () -> None
    """Put the user's own packages where they are on the path when this Python is not isolated."""
    if os.environ.get("PYTHONNOUSERSITE"):
        return
    if sys.prefix != sys.base_prefix and sys.base_prefix not in getattr(site, "PREFIXES", []):
        return  # a virtual environment that sees none but its own
    site.ENABLE_USER_SITE = True
    packages = getattr(site, "getsitepackages", list)()  # type: list[str]
    first = min([i for i, folder in enumerate(sys.path) if folder in packages] or [len(sys.path)])
    later = sys.path[first:]
    del sys.path[first:]
    if Path(site.getusersitepackages()).is_dir():
        site.addsitedir(site.getusersitepackages())
    sys.path += [folder for folder in later if folder not in sys.path]


if __name__ == "__main__":
    _see_user_packages()
    print(json.dumps(probe()))
