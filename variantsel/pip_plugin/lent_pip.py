"""pip under a Python that variantsel is lent to: the program that ``pip --python OTHER`` starts.

Run as a script by the other Python, so it stands by itself until variantsel is there. The variable
``VARIANTSEL_LENDER`` has what ``lending.describe_lender`` answered, and ``pip``, the file that is
run in place of this one.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

TYPE_CHECKING = False  # what type checkers take for typing's, which takes long to load
if TYPE_CHECKING:
    from typing import Any


def _main() -> None:
    sys.path.pop(0)  # this file's folder
    lender: dict[str, Any] = json.loads(os.environ["VARIANTSEL_LENDER"])
    with open(lender["lending"], encoding="utf-8") as file:
        lending: dict[str, Any] = {"__name__": "variantsel-lending"}
        exec(file.read(), lending)
    lending["borrow"](lender)
    # Not at the top of the file: it is found only now.
    from variantsel.pip_plugin.import_watch import when_imported
    from variantsel.pip_plugin.startup import watch_for_pip

    watch_for_pip()
    for module in ("pip._internal.build_env", "pip._internal.build_env.installer"):
        when_imported(module, _go_along_to_where_it_builds)
    sys.argv[0] = lender["pip"]
    runpy.run_path(lender["pip"], run_name="__main__")


def _go_along_to_where_it_builds(build_env: Any) -> None:
    """Seam: pip runs what ``get_runnable_pip`` names once more, to install what builds need: in
    ``build_env`` of pip 23.1 and newer, in its ``installer`` since 26.2."""
    if hasattr(build_env, "get_runnable_pip"):
        build_env.get_runnable_pip = lambda: os.path.abspath(__file__)  # noqa: PTH100


if __name__ == "__main__":
    _main()
