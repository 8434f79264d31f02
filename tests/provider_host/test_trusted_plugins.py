"""From a package's name to its answer: trusted or not, fetched, unpacked, asked, remembered."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.plugins import CONFIG
from support.wheels import write_wheel

from variantsel import Target, rank
from variantsel.cli import main
from variantsel.errors import UntrustedPlugin
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host import plugins, query
from variantsel.provider_host.trust_store import TrustStore
from variantsel.targets.rejection_kind import RejectionKind

ACME = ProviderInfo(requires=("acme-provider",))
PLUGIN = f"""\
import os, acme_core
{CONFIG}
def get_supported_configs():
    forced = os.environ.get("ACME_VARIANT_PROVIDER_FORCE_LEVEL")
    return [Config("level", [forced] if forced else acme_core.LEVELS)]
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with acme-provider 1.0 and what it needs, and a user who trusts it."""
    folder = tmp_path_factory.mktemp("template")
    write_provider(folder / "index", "1.0")
    write_wheel(folder / "index", "acme_core", "1.5", module="LEVELS = ['3', '2']")
    with pytest.MonkeyPatch.context() as patch:
        use(folder, patch)
        trust("acme-provider")
    return folder


def use(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Set what says where the user's files, and packages, are."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        patch.setenv(name, str(home / name.lower()))
    patch.setenv("VARIANTSEL_CONFIG", os.devnull)
    patch.setenv("PIP_CONFIG_FILE", os.devnull)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(home / "index"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who trusts nothing yet."""
    use(tmp_path, monkeypatch)
    shutil.copytree(template / "index", tmp_path / "index")
    return tmp_path


@pytest.fixture
def index(home: Path) -> Path:
    """The folder that pip finds packages in."""
    return home / "index"


@pytest.fixture
def agreed(home: Path, template: Path) -> None:
    """The user has agreed to acme-provider 1.0."""
    for name in ("xdg_cache_home", "xdg_data_home"):
        shutil.copytree(template / name, home / name)


def write_provider(folder: Path, version: str, **options: Any) -> Path:
    options = {"requires": ["acme-core>=1"], "module": PLUGIN, **options}
    return write_wheel(folder, "acme_provider", version, **options)


def trust(*packages: str) -> None:
    assert main(["trust", "--yes", *packages]) == 0


def levels(provider: ProviderInfo = ACME, trusted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What the machine supports of ``acme :: level``; nothing must have gone wrong."""
    target = Target.host(trusted=trusted)
    features = target.support("acme", provider).features
    assert target.notices == ()
    return features["level"]


def complaint(provider: ProviderInfo = ACME, trusted: tuple[str, ...] = ()) -> str:
    """The one notice of a machine that supports nothing."""
    target = Target.host(trusted=trusted)
    assert target.support("acme", provider).features == {}
    (notice,) = target.notices
    assert "\n" not in notice
    return notice


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that were run, one entry for each time."""
    run: list[str] = []
    real = plugins.query

    def query(question: Any) -> Any:
        run.append(question.package)
        return real(question)

    monkeypatch.setattr(plugins, "query", query)
    return run


# -- trust


def test_a_package_that_is_not_trusted_is_neither_fetched_nor_run(
    home: Path, asked: list[str]
) -> None:
    support = Target.host().support("acme", ACME)
    assert support.absence is RejectionKind.UNTRUSTED
    assert support.detail == "acme-provider"
    assert not (home / "xdg_cache_home").exists()
    assert asked == []


@pytest.mark.usefixtures("agreed")
def test_a_trusted_package_is_asked() -> None:
    assert levels() == ("3", "2")


def test_a_release_is_ranked_by_what_a_trusted_package_says() -> None:
    document = {
        "$schema": "x/v0.2.0.json",
        "default-priorities": {"namespace": ["acme"]},
        "providers": {"acme": {"requires": ["Acme_Provider >=1"]}},
        "variants": {
            **{f"l{level}": {"acme": {"level": [level]}} for level in "1234"},
            "null": {},
        },
    }
    assert rank(document, Target.host()).labels == ["null"]
    trust("acme-provider")
    assert rank(document, Target.host()).labels == ["l3", "l2", "null"]


def test_what_is_trusted_is_written_down_file_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--yes", "--format", "json", "acme_provider"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    package = TrustStore().get("acme-provider")
    assert package is not None
    assert [wheel.filename for wheel in package.wheels] == [
        "acme_core-1.5-py3-none-any.whl",
        "acme_provider-1.0-py3-none-any.whl",
    ]
    assert answer["version"] == package.version == "1.0"
    assert [wheel["sha256"] for wheel in answer["wheels"]] == [w.sha256 for w in package.wheels]
    assert all(len(wheel.sha256) == 64 for wheel in package.wheels)


def test_packages_that_are_trusted_together_keep_to_their_own_files(index: Path) -> None:
    write_wheel(index, "other_provider", "2.0")
    trust("acme-provider", "other-provider")
    other = TrustStore().get("other-provider")
    assert other is not None
    assert [wheel.name for wheel in other.wheels] == ["other-provider"]


def test_nothing_is_trusted_without_a_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "acme-provider"]) == 2
    output = capsys.readouterr()
    assert "acme_provider-1.0-py3-none-any.whl" in output.out
    assert "there is no terminal" in output.err
    assert TrustStore().names() == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("YES", 0), ("", 1), ("nay", 1)])
def test_the_user_is_asked(answer: str, code: int) -> None:
    terminal, user = os.openpty()
    try:
        os.write(terminal, f"{answer}\n".encode())
        process = subprocess.run(
            [sys.executable, "-m", "variantsel", "trust", "acme-provider"],
            stdin=user,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(user)
        os.close(terminal)
    assert process.returncode == code, process.stderr
    assert "acme_provider-1.0-py3-none-any.whl" in process.stdout
    assert "Let acme-provider 1.0 run? [y/N]" in process.stderr
    assert bool(TrustStore().names()) == (code == 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux confines a provider")
@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ((), ()),
        (("unshare",), ()),
        (("unshare", "landlock_create_ruleset"), ("read whatever you can read", "your terminal")),
        (("seccomp",), ("kernel's keyring",)),
    ],
    ids=["nothing", "namespaces", "files", "filter"],
)
def test_what_this_machine_does_not_keep_a_package_from_is_said_before(
    lacking: tuple[str, ...], words: tuple[str, ...]
) -> None:
    here = query.confinement()
    if not (here["namespaces"] and here["landlock"] and here["filter"]):
        pytest.skip("this machine lacks something itself")
    code = (
        "from support.hostile_world import without\n"
        "from variantsel.cli import main\n"
        f"without(*{lacking!r})\n"
        "raise SystemExit(main(['trust', '--yes', 'acme-provider']))"
    )
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": tests},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("Nothing on this")]
    assert len(lines) == bool(words)
    assert all(word in lines[0] for word in words)


@pytest.mark.usefixtures("agreed")
def test_distrust_takes_it_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust"]) == 0
    assert "acme-provider" in capsys.readouterr().out
    assert main(["distrust", "Acme_Provider"]) == 0
    assert Target.host().support("acme", ACME).absence is RejectionKind.UNTRUSTED


@pytest.mark.parametrize("name", ["a @ https://example.com/a.whl", "../a", "--help me", ""])
def test_only_a_name_can_be_trusted(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["trust", "--yes", "--", name]) == 2
    assert "expected a name" in capsys.readouterr().err


@pytest.mark.parametrize("requires", [("a @ https://example.com/a.whl",), ("a ==== 1",), ()])
def test_a_release_cannot_have_anything_else_run(
    requires: tuple[str, ...], asked: list[str]
) -> None:
    support = Target.host(trusted=["a"]).support("acme", ProviderInfo(requires=requires))
    assert (support.absence, support.detail) == (RejectionKind.UNTRUSTED, "")
    assert asked == []


@pytest.mark.usefixtures("agreed")
def test_all_packages_that_a_release_requires_have_to_be_trusted() -> None:
    both = ProviderInfo(requires=("acme-provider", "acme-extra[gpu]>=2"))
    support = Target.host().support("acme", both)
    assert (support.absence, support.detail) == (RejectionKind.UNTRUSTED, "acme-extra[gpu]")


@pytest.mark.usefixtures("agreed")
def test_a_version_that_was_not_agreed_to_is_not_run(index: Path, asked: list[str]) -> None:
    write_provider(index, "2.0")
    assert levels() == ("3", "2")
    newer = ProviderInfo(requires=("acme-provider>=2",))
    text = complaint(newer)
    assert "is trusted in its version 1.0, and acme-provider>=2 is asked for" in text
    assert "variantsel trust" in text
    assert asked == ["acme-provider"]
    trust("acme-provider")
    assert levels(newer) == ("3", "2")


@pytest.mark.usefixtures("agreed")
def test_trust_holds_for_the_interpreter_it_was_given_in() -> None:
    (path,) = (Path(TrustStore()._folder)).glob("*.json")
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({"cpython-27-linux": next(iter(entries.values()))}))
    assert "is trusted for cpython-27-linux, not for the Python of" in complaint()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-9],
        lambda _: "[]",
        lambda text: text.replace('"1.0"', '"one"'),
        lambda text: text.replace(".whl", "/../../x.whl"),
        lambda text: text.replace('"sha256": "', '"sha256": "x'),
        lambda text: text.replace('"wheels"', '"files"'),
        lambda text: text.replace('"plugin-api": "acme_provider"', '"plugin-api": "a b"'),
        lambda text: text.replace('"plugin-api"', '"plugin"'),
    ],
)
@pytest.mark.usefixtures("agreed")
def test_a_spoilt_store_trusts_nothing(asked: list[str], spoil: Callable[[str], str]) -> None:
    (path,) = (Path(TrustStore()._folder)).glob("*.json")
    path.write_text(spoil(path.read_text()))
    assert "is not what variantsel wrote there" in complaint()
    assert asked == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.usefixtures("agreed")
def test_nobody_can_trust_for_somebody_else(asked: list[str]) -> None:
    (path,) = (Path(TrustStore()._folder)).glob("*.json")
    os.chown(path, 12345, 12345)
    assert "belongs to user 12345, not to user 0 who runs this" in complaint()
    assert asked == []


# -- trust by configuration


def test_a_package_of_the_configuration_is_fetched_when_it_is_needed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "variantsel")
    assert levels(trusted=("acme-provider",)) == ("3", "2")
    assert "fetching the provider acme-provider, which your configuration trusts" in caplog.text
    assert "acme_provider-1.0-py3-none-any.whl sha256:" in caplog.text
    package = TrustStore().get("acme-provider")
    assert package is not None
    assert package.version == "1.0"


def test_what_the_configuration_trusts_stays_what_it_was(index: Path) -> None:
    assert levels(trusted=("acme-provider",))
    write_provider(index, "2.0", module="raise RuntimeError('new')")
    assert levels(trusted=("acme-provider",)) == ("3", "2")


def test_the_configuration_may_name_the_version(index: Path) -> None:
    write_provider(index, "2.0", module="raise RuntimeError('new')")
    assert levels(trusted=("acme-provider==1.0",)) == ("3", "2")
    assert "failed (RuntimeError: new)" in complaint(trusted=("acme-provider==2.0",))


def test_the_variable_reaches_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    from variantsel.configuration import load_configuration

    monkeypatch.setenv("VARIANTSEL_TRUST", "Acme_Provider==1.0")
    target = load_configuration().target
    assert target.support("acme", ACME).features == {"level": ("3", "2")}


# -- fetching


def test_a_configuration_that_names_no_package_is_an_error() -> None:
    with pytest.raises(UntrustedPlugin, match="'acme provider' names no package"):
        Target.host(trusted=["acme provider"])


def test_a_package_that_is_nowhere_is_one_line() -> None:
    missing = ProviderInfo(requires=("missing-provider",))
    text = complaint(missing, trusted=("missing-provider",))
    assert text.startswith(
        "The trusted provider missing-provider cannot be fetched as wheels: pip says: Could not "
        "find a version that satisfies the requirement missing-provider"
    )
    assert "so acme counts as unsupported" in text


def test_an_index_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert "cannot be fetched as wheels: pip says:" in complaint(trusted=("acme-provider",))


def test_without_pip_there_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = home / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    text = complaint(trusted=("acme-provider",))
    assert "there is no pip in the environment of" in text
    assert "'python -m ensurepip' installs one" in text


def test_only_ordinary_wheels_are_fetched(index: Path) -> None:
    for path in index.glob("acme_provider*"):
        path.unlink()
    write_provider(index, "1.0", label="gpu")
    (index / "acme_provider-1.0.tar.gz").write_bytes(b"never opened")
    assert "cannot be fetched as wheels" in complaint(trusted=("acme-provider",))


def test_settings_of_the_install_around_it_do_not_matter(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_PLATFORM", "win_amd64")
    monkeypatch.setenv("PIP_CONSTRAINT", str(home / "missing.txt"))
    monkeypatch.setenv("PIP_DEST", str(home / "elsewhere"))
    assert levels(trusted=("acme-provider",)) == ("3", "2")


# -- the environment it runs from


def environment(home: Path) -> Path:
    (folder,) = (home / "xdg_cache_home" / "variantsel" / "plugins" / "environments").iterdir()
    return folder


def wheel(home: Path, name: str) -> Path:
    stored = home / "xdg_cache_home" / "variantsel" / "plugins" / "wheels"
    return next(stored.glob(f"*/{name}-*.whl"))


@pytest.mark.parametrize(
    "tamper",
    [
        lambda folder: (folder / "acme_core.py").write_text("LEVELS = ['9']"),
        lambda folder: (folder / "os.py").write_text("raise RuntimeError"),
        lambda folder: (folder / "acme_core.py").unlink(),
        shutil.rmtree,
        lambda folder: (folder / "link").symlink_to("/etc"),
    ],
    ids=["changed", "added", "removed", "gone", "link"],
)
@pytest.mark.usefixtures("agreed")
def test_an_environment_that_was_tampered_with_is_made_anew(
    index: Path, home: Path, tamper: Callable[[Path], Any]
) -> None:
    before = sorted(environment(home).rglob("*"))
    shutil.rmtree(index)  # from the wheels that were agreed to, not from the index
    tamper(environment(home))
    assert levels() == ("3", "2")
    assert sorted(environment(home).rglob("*")) == before


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize("tamper", [False, True], ids=["first use", "spoilt"])
def test_several_processes_that_use_it_first_are_all_answered(home: Path, tamper: bool) -> None:
    core = wheel(home, "acme_core")
    before = TrustStore().get("acme-provider")
    assert before is not None
    with zipfile.ZipFile(core, "a") as archive:  # so that making it takes a while
        for number in range(300):
            archive.writestr(f"acme_data/part{number}.py", "1\n" * 100)
    content = core.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    wheels = [replace(w, sha256=digest) if w.name == "acme-core" else w for w in before.wheels]
    TrustStore().add(replace(before, wheels=tuple(wheels)))
    moved = core.parent.with_name(digest) / core.name
    moved.parent.mkdir()
    moved.write_bytes(content)
    shutil.rmtree(environment(home))
    if tamper:
        assert levels() == ("3", "2")
        (environment(home) / "acme_core.py").write_text("LEVELS = ['9']\n")
        shutil.rmtree(home / "xdg_cache_home" / "variantsel" / "answers")
    code = (
        "from variantsel import Target\n"
        "from variantsel.formats.provider_info import ProviderInfo\n"
        "target = Target.host()\n"
        "support = target.support('acme', ProviderInfo(requires=('acme-provider',)))\n"
        "print(support.features, target.notices)"
    )
    asking = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = {process.communicate(timeout=100)[0] for process in asking}
    assert said == {"{'level': ('3', '2')} ()\n"}
    left = [path.name for path in environment(home).parent.iterdir()]
    assert left == [environment(home).name]


@pytest.mark.usefixtures("agreed")
def test_a_wheel_that_was_tampered_with_is_fetched_again(home: Path) -> None:
    spoilt = wheel(home, "acme_core")
    good = spoilt.read_bytes()
    spoilt.write_bytes(good + b"x")
    assert levels() == ("3", "2")
    assert spoilt.read_bytes() == good


@pytest.mark.usefixtures("agreed")
def test_an_index_that_has_another_file_by_now_is_refused(index: Path, home: Path) -> None:
    wheel(home, "acme_core").unlink()
    write_wheel(index, "acme_core", "1.5", module="LEVELS = ['9']")
    text = complaint()
    assert "cannot be fetched as wheels: pip says:" in text
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in text


def test_a_wheel_that_reaches_outside_is_refused(index: Path, home: Path) -> None:
    with zipfile.ZipFile(next(index.glob("acme_core*")), "a") as archive:
        archive.writestr("../../escaped.py", "")
    assert "holds '../../escaped.py', outside of itself" in complaint(trusted=("acme-provider",))
    assert not list(home.rglob("escaped.py"))
    assert TrustStore().names() == []


def test_what_a_wheel_brings_for_elsewhere_is_left_out(index: Path, home: Path) -> None:
    with zipfile.ZipFile(next(index.glob("acme_core*")), "a") as archive:
        archive.writestr("acme_core-1.5.data/scripts/run", "#!python")
        archive.writestr("acme_core-1.5.data/purelib/acme_more.py", "")
    assert levels(trusted=("acme-provider",)) == ("3", "2")
    assert (environment(home) / "acme_more.py").is_file()
    assert not list(environment(home).rglob("run"))


@pytest.mark.usefixtures("agreed")
def test_packages_that_bring_different_files_of_a_third_are_one_line(index: Path) -> None:
    write_wheel(index, "acme_core", "2.0", module="")
    write_wheel(index, "acme_extra", "1.0", requires=["acme-core"])
    trust("acme-extra")
    both = ProviderInfo(requires=("acme-provider", "acme-extra"))
    assert "'variantsel trust acme-provider acme-extra' finds what fits both" in complaint(both)
    write_wheel(index, "acme_core", "2.1", module="LEVELS = ['5']")
    trust("acme-provider", "acme-extra")
    assert levels(both) == ("5",)


# -- remembering


needs_boot = pytest.mark.skipif(
    not Path("/proc/sys/kernel/random/boot_id").is_file(), reason="no boot id to go by"
)


@needs_boot
@pytest.mark.usefixtures("agreed")
def test_an_answer_is_kept_for_one_boot(asked: list[str]) -> None:
    assert levels() == levels() == ("3", "2")
    assert asked == ["acme-provider"]


@needs_boot
@pytest.mark.parametrize("change", ["variable", "file"])
@pytest.mark.usefixtures("agreed")
def test_what_an_answer_depends_on_is_noticed(
    index: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    levels()
    if change == "variable":
        monkeypatch.setenv("ACME_VARIANT_PROVIDER_FORCE_LEVEL", "7")
        assert levels() == ("7",)
    else:
        write_provider(index, "1.1", module=PLUGIN.replace("acme_core.LEVELS", "['8']"))
        trust("acme-provider")
        assert levels() == ("8",)
    assert asked == ["acme-provider"] * 2


@needs_boot
def test_an_answer_with_a_notice_is_asked_for_again(index: Path, asked: list[str]) -> None:
    write_provider(index, "1.0", module=f"import warnings\nwarnings.warn('old')\n{PLUGIN}")
    trust("acme-provider")
    for _ in range(2):
        target = Target.host()
        assert target.support("acme", ACME).features
        assert target.notices == ("old",)
    assert asked == ["acme-provider"] * 2


# -- detect


def test_detect_shows_what_trusted_packages_say(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = f"{PLUGIN}class Plugin:\n    namespace = 'acme'\n"
    named += "    get_supported_configs = staticmethod(get_supported_configs)\n"
    entry = "[variant_plugins]\nacme = NAME:Plugin\n"
    for name in ("first_provider", "second_provider"):
        extra = {"{info}/entry_points.txt": entry.replace("NAME", name)}
        write_wheel(index, name, "1", requires=["acme-core"], module=named, extra_files=extra)
        trust(name)
    trust("acme-provider")
    capsys.readouterr()
    assert main(["detect", "--format", "json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["acme"] == {"level": ["3", "2"]}
    assert "acme-provider does not say which namespace it answers for" in output.err
    assert "acme is answered for by the trusted providers first-provider and second" in output.err
