"""METADATA with its variant markers resolved: what tools read of it changes, and nothing else."""

from __future__ import annotations

import random
from email import message_from_string

import pytest

from variantsel.formats.core_metadata import resolve_metadata
from variantsel.formats.properties import VariantProperty
from variantsel.formats.variant_markers import (
    InvalidVariantMarker,
    VariantContext,
    resolve_requirement,
)

CUDA = VariantContext("cuda12", (VariantProperty("nvidia", "sm_arch", "90_real"),))


def test_only_requirements_of_a_metadata_file_change() -> None:
    text = (
        "Metadata-Version: 2.1\nName: pkg\nSummary: variant_label == 'x'\n"
        "Requires-Dist: a; variant_label == 'cuda12'\n"
        "Requires-Dist: b; variant_label == 'null'\n"
        "Requires-Dist: c\n\nRequires-Dist: d; variant_label == 'null'\n"
    )
    assert resolve_metadata(text, CUDA) == (
        "Metadata-Version: 2.1\nName: pkg\nSummary: variant_label == 'x'\n"
        "Requires-Dist: a\nRequires-Dist: c\n\nRequires-Dist: d; variant_label == 'null'\n"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_line_of_the_description_that_looks_like_a_header_stays(newline: str) -> None:
    headers = ["Metadata-Version: 2.1", "requires-dist: a; variant_label == 'null'", "Summary: s"]
    body = ["", "Requires-Dist: d; variant_label == 'null'", ""]
    expected = newline.join([headers[0], headers[2], *body])
    assert resolve_metadata(newline.join(headers + body), CUDA) == expected


def test_a_description_may_begin_without_an_empty_line() -> None:
    text = "Name: a\nno header\nRequires-Dist: d; variant_label == 'null'\n"
    assert resolve_metadata(text, CUDA) == text


PIECES = [
    *("Requires-Dist: a; variant_label == 'cuda12'", "requires-DIST:b ; variant_label == 'x'"),
    *(" Requires-Dist: a; variant_label == 'cuda12'", "Requires-Dist : q; variant_label"),
    "Requires-Dist: c;\n  variant_label != 'null' and\r os_name == 'posix'\n",
    "REQUIRES-DIST: c;\n\tvariant_label == 'null' and\n os_name == 'posix'\r\n",
    *("Name: n", ": z", "no header", " folded", "\tvariant_label"),
    *("\n", "\n", "\r\n", "\x0b", "\x1c", "\u2028"),
]


def test_what_the_email_parser_reads_is_resolved_and_all_else_stays() -> None:
    rng = random.Random(825)
    resolved = 0
    for _ in range(20_000):
        text = "Metadata-Version: 2.1\n" + "".join(rng.choices(PIECES, k=rng.randint(1, 9)))
        before = message_from_string(text)
        try:
            wanted = [
                left.strip()
                for value in before.get_all("Requires-Dist", [])
                if (left := resolve_requirement(value, CUDA)) is not None
            ]
        except InvalidVariantMarker:
            with pytest.raises(InvalidVariantMarker):
                resolve_metadata(text, CUDA)
            continue
        after = message_from_string(resolve_metadata(text, CUDA))
        found = [value.strip() for value in after.get_all("Requires-Dist", [])]
        assert found == wanted, text
        assert others(before) == others(after), text
        assert before.get_payload() == after.get_payload(), text
        resolved += bool(wanted)
    assert resolved > 1000


def others(message: object) -> list[tuple[str, str]]:
    items = message.items()  # type: ignore[attr-defined]
    return [item for item in items if item[0].lower() != "requires-dist"]
