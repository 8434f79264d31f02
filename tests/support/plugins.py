"""Provider packages for tests: a plugin's code, asking it, and what it may leave behind."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from variantsel.errors import PluginFailure
from variantsel.provider_host.answer import PluginAnswer

Ask = Callable[..., PluginAnswer]
"""Asks a package ``acme-provider`` about ``acme``, given the code of its module."""

CONFIG = """\
class Config:
    def __init__(self, name, values, multi_value=False):
        self.name, self.values, self.multi_value = name, values, multi_value
"""


def failing(body: str) -> str:
    """A plugin whose answer is made by some lines."""
    return f"{CONFIG}\ndef get_supported_configs():\n{textwrap.indent(body, '    ')}\n"


def failure(ask: Ask, code: str, **options: object) -> str:
    with pytest.raises(PluginFailure) as caught:
        ask(code, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


def running(command: str) -> bool:
    """Whether any process has a command line with these words."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if command in path.read_text(errors="replace"):
                return True
        except OSError:
            continue
    return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
