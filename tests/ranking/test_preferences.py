"""Preferences: what they put first, what they leave out, and what they cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from differential.random_metadata import random_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wheels import metadata

from variantsel import (
    InvalidConfiguration,
    Preferences,
    RejectionKind,
    Target,
    UnmetPreference,
    rank,
)
from variantsel.configuration import load_configuration
from variantsel.provider_host.host import PROVIDER_PACKAGES

MACHINE = Target.from_properties(
    {
        "nvidia": {
            "cuda_version_lower_bound": ["12.8", "12.6", "12.0"],
            "sm_arch": ["90_real", "80_real", "90_virtual"],
        },
        "x86_64": {"level": ["v4", "v3", "v2", "v1"]},
    }
)


def cuda(version: str, *architectures: str) -> dict[str, Any]:
    return {
        "nvidia": {
            "cuda_version_lower_bound": [version],
            "sm_arch": list(architectures) or ["90_real"],
        }
    }


DOCUMENT = metadata(
    {
        "cuda13.0": cuda("13.0"),
        "cuda12.8": cuda("12.8"),
        "cuda12.6": cuda("12.6", "80_real", "90_real"),
        "cuda12.6_v3": cuda("12.6") | {"x86_64": {"level": ["v3"]}},
        "v4": {"x86_64": {"level": ["v4"]}},
        "v3_v4": {"x86_64": {"level": ["v3", "v4"]}},
        "null": {},
    },
    namespaces=["nvidia", "x86_64"],
)
EVERYTHING = ["cuda12.8", "cuda12.6_v3", "cuda12.6", "v3_v4", "v4", "null"]


def ranked(**preferences: Any) -> list[str]:
    return rank(DOCUMENT, MACHINE, preferences=Preferences(**preferences)).labels


def test_no_preferences_change_nothing() -> None:
    assert rank(DOCUMENT, MACHINE).labels == EVERYTHING
    assert ranked() == EVERYTHING
    assert not Preferences()


@pytest.mark.parametrize(
    ("prefer", "first"),
    [
        (["x86_64"], ["cuda12.6_v3", "v3_v4", "v4", "cuda12.8", "cuda12.6", "null"]),
        (["nvidia :: sm_arch :: 80_real"], ["cuda12.6", "cuda12.8", "cuda12.6_v3"]),
        (["nvidia::cuda_version_lower_bound::12.6"], ["cuda12.6_v3", "cuda12.6", "cuda12.8"]),
        # Of two entries the first counts more, the second among its equals.
        (["x86_64", "nvidia"], ["cuda12.6_v3", "v3_v4", "v4", "cuda12.8"]),
        (["nvidia", "x86_64"], ["cuda12.6_v3", "cuda12.8", "cuda12.6", "v3_v4"]),
        # What the machine does not support is nothing to prefer.
        (["nvidia :: cuda_version_lower_bound :: 13.0", "amd"], ["cuda12.8", "cuda12.6_v3"]),
    ],
)
def test_what_is_preferred_comes_first_and_the_order_within_stays(
    prefer: list[str], first: list[str]
) -> None:
    labels = ranked(prefer=prefer)
    assert labels[: len(first)] == first
    assert sorted(labels) == sorted(EVERYTHING)
    assert labels[-1] == "null"


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["nvidia"], ["v3_v4", "v4", "null"]),
        (["x86_64 :: level"], ["cuda12.8", "cuda12.6", "null"]),
        # A variant that was built for another value, too, which the machine supports, stays.
        (["x86_64 :: level :: v4"], ["cuda12.8", "cuda12.6_v3", "cuda12.6", "v3_v4", "null"]),
        (["nvidia :: sm_arch :: 90_real"], ["cuda12.6", "v3_v4", "v4", "null"]),
        (["nvidia :: sm_arch :: 90_real", "nvidia::sm_arch::80_real", "x86_64"], ["null"]),
        (["amd"], EVERYTHING),
    ],
)
def test_what_is_excluded_is_left_out(exclude: list[str], left: list[str]) -> None:
    assert ranked(exclude=exclude) == left


@pytest.mark.parametrize(
    ("never", "left"),
    [
        (["cuda12.8"], ["cuda12.6_v3", "cuda12.6", "v3_v4", "v4", "null"]),
        (["cuda12.*"], ["v3_v4", "v4", "null"]),
        (["cuda12.?"], None),
        (["cuda1"], EVERYTHING),
        (["null", "non-variant"], EVERYTHING[:-1]),
        (["*"], []),
    ],
)
def test_what_is_never_taken_is_left_out(never: list[str], left: list[str] | None) -> None:
    if left is None:
        with pytest.raises(InvalidConfiguration):
            ranked(never=never)
    else:
        assert ranked(never=never) == left


@pytest.mark.parametrize(
    ("take", "left"),
    [
        (["v4"], ["v4"]),
        ("v4", ["v4"]),
        (["cuda12.6", "cuda12.8"], ["cuda12.6", "cuda12.8"]),
        (["cuda13.0", "cuda12.6"], ["cuda12.6"]),
        (["cuda12.6*", "null"], ["cuda12.6_v3", "cuda12.6", "null"]),
        (["cuda13.0", "non-variant"], []),
    ],
)
def test_only_what_is_to_be_taken_is_left_in_the_order_of_the_list(
    take: list[str], left: list[str]
) -> None:
    assert ranked(take=take) == left


def test_preferences_work_together() -> None:
    assert ranked(take=["cuda12.*"], never=["cuda12.8"], prefer=["x86_64"]) == [
        "cuda12.6_v3",
        "cuda12.6",
    ]
    assert ranked(take=["cuda12.*"], prefer=["nvidia :: sm_arch :: 80_real"])[0] == "cuda12.6"
    assert ranked(off=True, take=["cuda13.0"]) == []


def test_null_may_be_spelled_as_in_old_files() -> None:
    old = dict(DOCUMENT, variants={"v4": DOCUMENT["variants"]["v4"], "00000000": {}})
    assert rank(old, MACHINE, preferences=Preferences(never=["null"])).labels == ["v4"]
    assert rank(old, MACHINE, preferences=Preferences(take="null")).labels == ["00000000"]


def test_every_label_left_out_has_its_reason() -> None:
    preferences = Preferences(
        never=["cuda12.8"],
        exclude=["x86_64"],
        sources={("never", "cuda12.8"): "VARIANTSEL_NEVER", ("exclude", "x86_64"): "/p/x.toml"},
    )
    ranking = rank(DOCUMENT, MACHINE, preferences=preferences)
    assert ranking.compatible == EVERYTHING
    assert {label: str(reason) for label, reason in ranking.narrowed.items()} == {
        "cuda12.8": "is left out (never = cuda12.8, set in VARIANTSEL_NEVER).",
        "cuda12.6_v3": "is left out (exclude = x86_64, set in /p/x.toml).",
        "v3_v4": "is left out (exclude = x86_64, set in /p/x.toml).",
        "v4": "is left out (exclude = x86_64, set in /p/x.toml).",
    }
    assert list(ranking.rejected) == ["cuda13.0"]


@pytest.mark.parametrize(
    ("preferences", "message"),
    [
        (
            {"take": ["cuda13.0"], "sources": {("take", "cuda13.0"): "/p/x.toml"}},
            "take = cuda13.0, set in /p/x.toml: cuda13.0 needs nvidia :: cuda_version_lower_bound "
            ":: 13.0, but the machine supports 12.8, 12.6 and 12.0.",
        ),
        (
            {"take": ["cuda12.9"]},
            "take = cuda12.9: there is no variant cuda12.9; there are cuda12.8, cuda12.6_v3, "
            "cuda12.6, v3_v4, v4, null, cuda13.0.",
        ),
        (
            {"take": ["rocm", "xpu"]},
            "take = rocm, xpu: there is no variant rocm or xpu; there are cuda12.8, cuda12.6_v3, "
            "cuda12.6, v3_v4, v4, null, cuda13.0.",
        ),
        (
            {"take": ["cuda12.8"], "never": ["cuda*"]},
            "take = cuda12.8: cuda12.8 is left out (never = cuda*).",
        ),
    ],
)
def test_what_cannot_be_taken_is_an_error_with_the_reason(
    preferences: dict[str, Any], message: str
) -> None:
    with pytest.raises(UnmetPreference) as caught:
        ranked(**preferences)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("take", "CUDA"),
        ("never", "a b"),
        ("never", ""),
        ("prefer", "a :: b :: c :: d"),
        ("prefer", "nvidia ::"),
        ("exclude", "Nvidia"),
        ("exclude", "nvidia :: sm-arch"),
    ],
)
def test_what_is_neither_a_label_nor_a_property_is_an_error(rule: str, text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"{rule}: found "):
        Preferences(**{rule: [text]})


def patterns(case: Any) -> list[str]:
    """What may stand in ``prefer`` and ``exclude`` for a release and its machine."""
    found = {"nothing", "nothing :: at :: all"}
    for properties in (*case.variants.values(), case.supported):
        for namespace, features in properties.items():
            for feature, values in features.items():
                found |= {namespace, f"{namespace}::{feature}"}
                found |= {f"{namespace}::{feature}::{value}" for value in values}
    return sorted(found)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**6), st.data())
def test_preferences_never_reach_past_the_compatible_variants(seed: int, data: Any) -> None:
    case = next(random_cases(seed, 1))
    target = Target.from_properties(case.supported)
    plain = rank(case.plugin_metadata(), target)
    labels = st.sampled_from([*case.variants, "*", "a*", "*.*", "non-variant", "zzz"])
    properties = st.sampled_from(patterns(case))
    preferences = Preferences(
        take=data.draw(st.lists(labels, max_size=2)),
        never=data.draw(st.lists(labels, max_size=2)),
        prefer=data.draw(st.lists(properties, max_size=3)),
        exclude=data.draw(st.lists(properties, max_size=2)),
        off=data.draw(st.booleans()) and data.draw(st.booleans()),
    )
    try:
        ranking = rank(case.plugin_metadata(), target, preferences=preferences)
    except UnmetPreference:
        assert preferences.take
        return
    assert len(set(ranking.labels)) == len(ranking.labels)
    assert sorted([*ranking.labels, *ranking.narrowed]) == sorted(plain.labels)
    assert (ranking.compatible, ranking.rejected) == (plain.labels, plain.rejected)
    if not (preferences.take or preferences.prefer):
        assert ranking.labels == [label for label in plain.labels if label not in ranking.narrowed]


# -- from the configuration


def configured(folder: Path, text: str, **variables: str) -> Any:
    (folder / "variantsel.toml").write_text(text)
    return load_configuration(folder, variables)


def test_a_packages_own_preferences_come_before_the_general_ones(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        'prefer = ["x86_64"]\nexclude = ["amd"]\n'
        '[packages.Torch_Vision]\ntake = "cuda12.8"\nnever = ["cpu", "cuda13.*"]\n'
        'prefer = ["nvidia::sm_arch"]\nexclude = "blas_lapack :: provider :: mkl"\n',
    )
    assert configuration.preferences("torch.vision") == Preferences(
        take=["cuda12.8"],
        never=["cpu", "cuda13.*"],
        prefer=["nvidia :: sm_arch", "x86_64"],
        exclude=["blas_lapack :: provider :: mkl", "amd"],
    )
    assert configuration.preferences("other") == Preferences(prefer=["x86_64"], exclude=["amd"])


def test_variables_set_a_packages_keys_one_by_one(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        '[packages.torch]\ntake = "cuda12.8"\nnever = ["null"]\n[packages.vllm]\ntake = "cpu"\n',
        VARIANTSEL_TAKE="Torch=cuda13.0, torch=cuda12.6, vllm=",
        VARIANTSEL_NEVER="jax=cpu",
        VARIANTSEL_OFF="numpy, scipy",
        VARIANTSEL_PREFER="x86_64, nvidia :: sm_arch",
        VARIANTSEL_EXCLUDE="amd",
    )
    general = {"prefer": ["x86_64", "nvidia :: sm_arch"], "exclude": ["amd"]}
    assert configuration.preferences("torch") == Preferences(
        take=["cuda13.0", "cuda12.6"], never=["null"], **general
    )
    assert configuration.preferences("vllm") == Preferences(**general)
    assert configuration.preferences("jax").never == ("cpu",)
    assert configuration.preferences("scipy").off
    sources = configuration.preferences("torch").sources
    assert sources["take", "cuda13.0"] == "VARIANTSEL_TAKE"
    assert sources["never", "null"] == str(tmp_path / "variantsel.toml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('take = "cuda12.8"', "take: there is no such key here; it is for one package: put it int"),
        ('[packages.torch]\ntarget = "x"', "packages.torch.target: there is no such key here; it"),
        ('[packages.torch]\ntaek = "x"', "packages.torch.taek: there is no such key here; did yo"),
        ("[packages.torch]\ntake = 1", "packages.torch.take: found 1, expected a li"),
        ('[packages.torch]\nnever = ["A"]', "packages.torch.never: found 'A', expected a label"),
        ('[packages.torch]\noff = "yes"', "packages.torch.off: found 'yes', expected true or fal"),
        ('[packages]\ntorch = "cuda"', "packages.torch: found 'cuda', expected a table"),
        ("[packages.-x]", "packages: found '-x', expected the name of a package"),
        ("[packages.a_b]\n[packages.a-b]", "packages: a_b and a-b are the same package"),
        ('prefer = ["a :: B"]', "prefer: found 'a :: B', expected 'namespace'"),
    ],
)
def test_a_bad_preference_names_file_and_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        configured(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'variantsel.toml'}: {problem}")


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"VARIANTSEL_TAKE": "cuda12.8"}, "VARIANTSEL_TAKE: found 'cuda12.8', expected package=l"),
        ({"VARIANTSEL_TAKE": "torch=CUDA"}, "VARIANTSEL_TAKE: found 'CUDA', expected a label"),
        ({"VARIANTSEL_OFF": "-torch"}, "VARIANTSEL_OFF: found '-torch', expected the name of a"),
        ({"VARIANTSEL_PREFER": "a::b::"}, "VARIANTSEL_PREFER: found 'a::b::', expected 'name"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, variables: dict[str, str], problem: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(tmp_path, variables)
    assert str(caught.value).startswith(problem)


# -- providers switched off


def test_a_provider_that_is_switched_off_supports_nothing_and_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **_: object) -> None:
        pytest.fail(f"a process was started: {arguments}")

    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    variables = {"VARIANTSEL_DISABLE": ",".join(PROVIDER_PACKAGES)}
    target = load_configuration(tmp_path, variables).target
    ranking = rank(DOCUMENT, target)
    assert ranking.labels == ["null"]
    assert {reason.kind for reason in ranking.rejected.values()} == {RejectionKind.DISABLED}
    assert "VARIANTSEL_DISABLE" in str(ranking.rejected["v4"])
    assert target.all_properties() == {}


def test_switching_off_comes_before_static_values_and_the_users_own() -> None:
    providers = {
        "blas": {"static-properties": {"provider": ["mkl"]}},
        "x86_64": {"requires": ["p"]},
    }
    document = metadata(
        {"mkl": {"blas": {"provider": ["mkl"]}}, "v4": {"x86_64": {"level": ["v4"]}}, "null": {}},
        namespaces=["blas", "x86_64"],
        providers=providers,
    )
    assert rank(document, MACHINE).labels == ["mkl", "v4", "null"]
    assert rank(document, MACHINE.without(["blas", "x86_64"])).labels == ["null"]
    assert rank(document, MACHINE).labels == ["mkl", "v4", "null"]
    assert rank(document, MACHINE.without(["x86_64"]).with_python("3.99")).labels == ["mkl", "null"]
