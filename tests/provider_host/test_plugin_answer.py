"""What a provider package wrote is checked, whatever it is."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from variantsel.formats.properties import FEATURE_PATTERN, NAMESPACE_PATTERN, VALUE_PATTERN
from variantsel.provider_host.answer import InvalidAnswer, read_answer

word = st.sampled_from(["level", "a_1", "9", "8.2a", "V3", "", "a b", "a\n\x1b[2J"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | word,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(word, part, max_size=3),
    max_leaves=6,
)
config = st.fixed_dictionaries(
    {},
    optional={
        "name": word | anything,
        "values": st.lists(word | anything, max_size=4) | anything,
        "multi_value": st.booleans() | anything,
    },
)
plugin = st.fixed_dictionaries(
    {}, optional={"namespace": word | anything, "configs": st.lists(config, max_size=3) | anything}
)
document = anything | st.fixed_dictionaries(
    {"plugins": st.lists(plugin, max_size=2) | anything}, optional={"notices": anything}
)


@given(document)
def test_nothing_that_breaks_a_rule_gets_through(document: Any) -> None:
    with contextlib.suppress(InvalidAnswer):
        for answer in read_answer(document):
            assert answer.namespace is None or NAMESPACE_PATTERN.fullmatch(answer.namespace)
            for feature, values in answer.features.items():
                assert FEATURE_PATTERN.fullmatch(feature)
                assert values
                assert len(set(values)) == len(values)
                assert all(VALUE_PATTERN.fullmatch(value) for value in values)
            assert answer.multi_value <= answer.features.keys()
            assert all(notice.isprintable() for notice in answer.notices)


configs = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.from_regex(FEATURE_PATTERN, fullmatch=True),
            "values": st.lists(st.from_regex(VALUE_PATTERN, fullmatch=True), max_size=4),
            "multi_value": st.booleans(),
        }
    ),
    unique_by=lambda config: config["name"],
)


@given(configs)
def test_an_answer_that_keeps_the_rules_is_read_as_it_is(configs: list[dict[str, Any]]) -> None:
    document = {"plugins": [{"namespace": None, "configs": configs}], "notices": []}
    (answer,) = read_answer(document)
    expected = [(c["name"], tuple(dict.fromkeys(c["values"]))) for c in configs if c["values"]]
    assert list(answer.features.items()) == expected
