"""What trust is in: files by their hash with one plugin, as the user, and nobody else, agreed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.plugins import CONFIG
from support.wheels import write_wheel

from variantsel import Target
from variantsel.cli import main
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host import answer_cache
from variantsel.provider_host.trust_store import TrustedPackage, TrustStore
from variantsel.targets.rejection_kind import RejectionKind

STRANGER = 12345
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
PLUGIN = "[variant_plugins]\n{}\n"


def module(level: str) -> str:
    """A plugin, which is the module itself and a class in it."""
    body = f"return [Config('level', ['{level}'])]"
    return (
        f"{CONFIG}\n"
        f"def get_supported_configs():\n    {body}\n"
        f"class Plugin:\n    namespace = 'acme'\n"
        f"    def get_supported_configs(self):\n        {body}\n"
        f"class Other(Plugin):\n    pass\n"
        f"class Stranger(Plugin):\n    namespace = 'stranger'\n"
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who trusts nothing, with an index that has acme-provider 0.1 and 1.0."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("VARIANTSEL_CONFIG", os.devnull)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    write(tmp_path / "index", "0.1", "old")
    write(
        tmp_path / "index",
        "1.0",
        "new",
        requires=["acme-gadget; extra == 'gadget'"],
        extras=["gadget"],
    )
    write_wheel(tmp_path / "index", "acme_gadget", "1.0", module=module("gadget"))
    return tmp_path


def write(index: Path, version: str, level: str, entry_points: str = "", **options: object) -> None:
    extra = {"{info}/entry_points.txt": PLUGIN.format(entry_points)} if entry_points else {}
    write_wheel(
        index,
        "acme_provider",
        version,
        module=module(level),
        extra_files=extra,
        **options,  # type: ignore[arg-type]
    )


def ask(
    *requires: str, plugin_api: str | None = None, trusted: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a release that requires this gets to know of ``acme :: level``, and the notices."""
    target = Target.host(trusted=trusted)
    support = target.support("acme", ProviderInfo(requires=requires, plugin_api=plugin_api))
    return support.features.get("level", ()), tuple(target.notices)


def pinned() -> TrustedPackage:
    package = TrustStore().get("acme-provider")
    assert package is not None
    return package


CONFIGURED = [("acme-provider",), ("acme-provider==1.0",), ()]
"""Trusted by the configuration, or, where that is empty, by ``variantsel trust``."""


@pytest.fixture(params=CONFIGURED, ids=["configured", "configured version", "agreed"])
def trusted(request: pytest.FixtureRequest) -> tuple[str, ...]:
    names: tuple[str, ...] = request.param
    if not names:
        assert main(["trust", "--yes", "acme-provider"]) == 0
    assert ask("acme-provider", trusted=names) == (("new",), ())
    return names


# -- metadata chooses among what is trusted


@pytest.mark.parametrize(
    "requirement", ["acme-provider==0.1", "acme-provider<1", "acme-provider>1"]
)
def test_a_release_that_requires_another_version_changes_no_pin(
    trusted: tuple[str, ...], requirement: str
) -> None:
    before = pinned()
    values, (notice,) = ask(requirement, trusted=trusted)
    assert values == ()
    assert notice == (
        "The trusted provider acme-provider is not asked: acme-provider is trusted in its version "
        f"1.0, and {requirement} is asked for ('variantsel trust \"acme-provider\"' shows what "
        "would run then), so acme counts as unsupported; a target file can take its place."
    )
    assert pinned() == before
    assert ask("acme-provider", trusted=trusted) == (("new",), ())


@pytest.mark.parametrize("trust", [name for name in CONFIGURED if name])
def test_the_first_release_has_no_say_in_what_is_fetched(trust: tuple[str, ...]) -> None:
    values, _ = ask("acme-provider[gadget]==0.1", trusted=trust)
    assert values == ()
    assert pinned().version == "1.0"
    assert [wheel.name for wheel in pinned().wheels] == ["acme-provider"]


@pytest.mark.parametrize("api", [None, "acme_gadget", "acme_gadget:Plugin"])
def test_a_release_adds_no_extra(trusted: tuple[str, ...], api: str | None) -> None:
    before = pinned()
    values, (notice,) = ask("acme-provider[gadget]", plugin_api=api, trusted=trusted)
    assert values == ()
    assert "acme-provider[gadget] is asked for" in notice
    assert 'variantsel trust "acme-provider[gadget]"' in notice
    assert pinned() == before


@pytest.mark.parametrize(
    "api", ["acme_gadget", "acme_provider:Other", "acme_provider.plugin", "os:system", "a b"]
)
def test_a_release_cannot_name_another_plugin(api: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--yes", "acme-provider[gadget]"]) == 0
    assert "acme-provider is asked through acme_provider." in capsys.readouterr().out
    values, (notice,) = ask("acme-provider", plugin_api=api)
    assert values == ()
    assert "is not asked: " in notice
    assert api in notice


@pytest.mark.parametrize("api", [None, "acme_provider:Plugin", " acme_provider : Plugin "])
def test_the_plugin_that_is_trusted_is_asked_however_it_is_named(
    home: Path, api: str | None
) -> None:
    write(home / "index", "1.0", "new", "acme = acme_provider:Plugin [gpu]")
    assert ask("acme-provider", plugin_api=api, trusted=("acme-provider",)) == (("new",), ())
    assert pinned().plugin_api == "acme_provider:Plugin"


def test_the_configuration_changes_what_is_trusted() -> None:
    assert ask("acme-provider", trusted=("acme-provider",)) == (("new",), ())
    assert ask("acme-provider", trusted=("acme-provider==0.1",)) == (("old",), ())
    assert pinned().version == "0.1"


# -- the one plugin


def test_of_several_plugins_the_user_says_which(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = "a = acme_provider:Plugin\nb = acme_provider:Stranger"
    write(home / "index", "1.0", "new", both)
    assert main(["trust", "--yes", "acme-provider"]) == 2
    error = capsys.readouterr().err
    assert "declares 2 plugins (acme_provider:Plugin, acme_provider:Stranger)" in error
    assert "'variantsel trust acme-provider --plugin-api acme_provider:Plugin'" in error
    assert "declares 2 plugins" in ask("acme-provider", trusted=("acme-provider",))[1][0]
    api = ("--plugin-api", "acme_provider:Plugin")
    assert main(["trust", "--yes", "acme-provider", *api]) == 0
    assert ask("acme-provider") == (("new",), ())
    assert main(["detect", "--format", "json"]) == 0
    output = capsys.readouterr().out
    assert '"acme"' in output
    assert "stranger" not in output


def test_a_package_without_a_plugin_is_not_trusted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wheel(home / "index", "acme.dotted", "1.0")
    assert main(["trust", "--yes", "acme-dotted"]) == 2
    error = capsys.readouterr().err
    assert "declares no plugin as an entry point, and has no module acme_dotted" in error
    assert TrustStore().names() == []


@pytest.mark.parametrize("entry", ["x = acme_provider:Plugin()", "nonsense", "[[["])
def test_entry_points_that_make_no_sense_are_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], entry: str
) -> None:
    write(home / "index", "1.0", "new", entry)
    assert main(["trust", "--yes", "acme-provider"]) == 2
    error = capsys.readouterr().err
    assert "acme-provider cannot be used: " in error
    assert TrustStore().names() == []


def test_where_the_plugin_is_can_be_said_of_one_package_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    api = ("--plugin-api", "acme_provider:Plugin")
    assert main(["trust", "--yes", "acme-provider", "acme-gadget", *api]) == 2
    assert "--plugin-api is for one package" in capsys.readouterr().err
    assert main(["trust", "--yes", "acme-provider", "--plugin-api", "os.system()"]) == 2
    assert "expected where a plugin is" in capsys.readouterr().err


# -- the store is the user's own


@pytest.mark.parametrize("spelled", ["{}", "../other", "a/b", "a @ file:///x", ""])
def test_distrust_removes_nothing_but_trust(
    home: Path, capsys: pytest.CaptureFixture[str], spelled: str
) -> None:
    other = home / "other"
    for path in (other.with_suffix(".json"), TrustStore()._folder / "a" / "b.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (TrustStore()._folder.parent / "other.json").write_text("{}")
    before = sorted(home.rglob("*.json"))
    assert main(["distrust", "--", spelled.format(other)]) == 2
    assert "expected a name" in capsys.readouterr().err
    assert not TrustStore().remove(spelled.format(other))
    assert sorted(home.rglob("*.json")) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "found a FIFO"),
        (lambda path: path.symlink_to("/dev/zero"), "found a symbolic link"),
        (lambda path: path.symlink_to(path.with_suffix(".kept")), "found a symbolic link"),
        (lambda path: path.touch() or os.truncate(path, 40 * 1024**3), "found more than 4 MiB"),
    ],
    ids=["FIFO", "device", "link", "huge"],
)
def test_what_is_no_file_is_no_trust_and_not_waited_for(
    make: Callable[[Path], object], said: str
) -> None:
    assert main(["trust", "--yes", "acme-provider"]) == 0
    path = TrustStore()._folder / "acme-provider.json"
    path.rename(path.with_suffix(".kept"))
    make(path)
    started = time.monotonic()
    target = Target.host()
    support = target.support("acme", ProviderInfo(requires=("acme-provider",)))
    assert time.monotonic() - started < 5
    assert support.absence is RejectionKind.UNTRUSTED
    assert said in " ".join(target.notices)


@pytest.fixture
def strangers_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of another user, which is root's ``HOME``, as with ``sudo -E``."""
    folder = Path(tempfile.mkdtemp())
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "VARIANTSEL_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    shutil.rmtree(folder)


def give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps a user's files")
def test_what_another_user_trusts_does_not_run_as_root(
    strangers_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "--yes", "acme-provider"]) == 0
    assert ask("acme-provider") == (("new",), ())
    config = strangers_home / ".config/variantsel/variantsel.toml"
    config.parent.mkdir(parents=True)
    config.write_text('trust = ["acme-provider"]\n')
    give_away(strangers_home)
    values, notices = ask("acme-provider")
    assert values == ()
    assert f"belongs to user {STRANGER}, not to user 0 who runs this" in " ".join(notices)
    capsys.readouterr()
    assert main(["config"]) == 0
    output = capsys.readouterr()
    assert "trust " not in output.out
    assert f"{config} is passed over: it belongs to user {STRANGER}" in output.err


@needs_root
def test_root_keeps_no_trust_in_a_folder_that_another_can_change(
    strangers_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "--yes", "acme-provider"]) == 0
    os.chown(strangers_home, STRANGER, STRANGER)  # the folder alone: what is in it is root's
    values, notices = ask("acme-provider")
    assert values == ()
    said = f"{strangers_home} belongs to user {STRANGER}, not to root who runs this"
    assert said in " ".join(notices)
    capsys.readouterr()
    assert main(["trust", "--yes", "acme-provider"]) == 2
    assert said in capsys.readouterr().err
    assert said in " ".join(ask("acme-provider", trusted=("acme-provider",))[1])


@needs_root
@pytest.mark.parametrize("kind", ["trust", "answer"])
def test_whose_a_file_is_is_said_of_what_was_opened(home: Path, kind: str) -> None:
    """Two files take turns under one name, root's and a stranger's: only one is ever believed."""
    if kind == "trust":
        assert main(["trust", "--yes", "acme-provider"]) == 0
        path = TrustStore()._folder / "acme-provider.json"
        theirs = path.read_text().replace('"version": "1.0"', '"version": "6.66"')
    else:
        answer_cache.save_answer("acme", "key", "ours")
        path = home / "xdg_cache_home" / "variantsel" / "answers" / "acme.json"
        theirs = path.read_text().replace("ours", "6.66")
    kept = {"ours": path.read_text(), "theirs": theirs}
    for name, text in kept.items():
        (home / name).write_text(text)
    os.chown(home / "theirs", STRANGER, STRANGER)
    is_over = threading.Event()

    def take_turns() -> None:
        while not is_over.is_set():
            for name in kept:
                link = home / f"{name}.link"
                link.unlink(missing_ok=True)
                os.link(home / name, link)
                link.replace(path)

    swapping = threading.Thread(target=take_turns)
    swapping.start()
    believed: set[object] = set()
    deadline = time.monotonic() + 2
    try:
        while time.monotonic() < deadline:
            if kind == "trust":
                try:
                    package = TrustStore().get("acme-provider")
                    believed.add(package and package.version)
                except Exception as error:
                    assert "belongs to user" in str(error)
            else:
                believed.add(answer_cache.load_answer("acme", "key"))
    finally:
        is_over.set()
        swapping.join()
    assert believed <= {"1.0", "ours", None}
    assert believed & {"1.0", "ours"}


@pytest.mark.parametrize("kind", ["FIFO", "link"])
def test_a_remembered_answer_is_a_file_or_none(home: Path, kind: str) -> None:
    answer_cache.save_answer("acme", "key", "ours")
    path = home / "xdg_cache_home" / "variantsel" / "answers" / "acme.json"
    assert answer_cache.load_answer("acme", "key") == "ours"
    path.rename(path.with_suffix(".kept"))
    if kind == "FIFO":
        os.mkfifo(path)
    else:
        path.symlink_to(path.with_suffix(".kept"))
    started = time.monotonic()
    assert answer_cache.load_answer("acme", "key") is None
    assert time.monotonic() - started < 2
    answer_cache.save_answer("acme", "key", "new")
    assert answer_cache.load_answer("acme", "key") == "new"
