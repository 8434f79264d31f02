"""Environment variables that set what the keys of a file set."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from variantsel.configuration.keys import KEYS, Setting

__all__ = ["CONFIG_VARIABLE", "misspelled_variables", "read_variables"]

CONFIG_VARIABLE = "VARIANTSEL_CONFIG"
"""Names a further file, or :data:`os.devnull` for none at all."""

_TEXTS = {"VARIANTSEL_TARGET": "target"}
_FLAGS = {"VARIANTSEL_STRICT": "strict"}
_LISTS = {
    "VARIANTSEL_DISABLE": "disable",
    "VARIANTSEL_ENABLE": "enable",
    "VARIANTSEL_TRUST": "trust",
}
_ALL = (CONFIG_VARIABLE, *_TEXTS, *_FLAGS, *_LISTS)


def read_variables(environ: Mapping[str, str]) -> dict[str, Setting]:
    """The settings that stand in environment variables.

    Lists are separated by commas; ``0`` and nothing mean no, anything else yes.

    :raises InvalidConfiguration: naming the variable.
    """
    values: dict[str, tuple[str, object]] = {}
    for name, text in environ.items():
        if name in _TEXTS:
            values[_TEXTS[name]] = name, text
        elif name in _FLAGS:
            values[_FLAGS[name]] = name, text.strip() not in ("", "0")
        elif name in _LISTS:
            values[_LISTS[name]] = name, _items(text)
    return {
        key: Setting(key, KEYS[key](value, name), name, name)
        for key, (name, value) in values.items()
    }


def misspelled_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for every variable that looks like a mistake in the name of one of ours."""
    sentences = []
    for name in sorted(environ):
        if name.startswith("VARIANTSEL_") and name not in _ALL:
            near = get_close_matches(name, _ALL, n=1, cutoff=0.9)
            if near:
                sentences.append(f"{name} means nothing to variantsel; did you mean {near[0]}?")
    return sentences


def _items(text: str) -> list[str]:
    return [item for item in map(str.strip, text.split(",")) if item]
