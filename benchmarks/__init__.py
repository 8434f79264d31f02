"""Benchmarks: one runnable file a question, the peers measured in the same run.

``python -m benchmarks`` runs all; ``README.md`` in this folder says what each shows.
"""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

# What is measured is the variantsel that is installed, with its compiled extension: the checkout,
# which `python -m` puts first, goes behind it. tests/support builds environments and indexes.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != REPOSITORY]
sys.path += [str(REPOSITORY), str(REPOSITORY / "tests")]
