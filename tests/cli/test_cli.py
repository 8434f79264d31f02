"""The command line, run as users run it and in this process."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import terminal
from support.wheels import metadata, write_wheel

from variantsel import __version__
from variantsel.cli import main
from variantsel.ranking.matching import is_native

DOCUMENT = metadata(
    {
        "fast": {"x86_64": {"level": ["v3"]}, "blas": {"library": ["mkl", "openblas"]}},
        "slow": {"x86_64": {"level": ["v1"]}},
        "future": {"x86_64": {"level": ["v9"]}},
        "choice": {"extra": {"on": ["yes"]}},
        "null": {},
    },
    namespaces=("x86_64", "blas", "extra"),
    providers={
        "x86_64": {"requires": ["provider-variant-x86-64"]},
        "blas": {"static-properties": {"library": ["openblas", "mkl"]}},
        "extra": {"static-properties": {"on": ["yes"]}, "optional": True},
    },
)
MACHINE = """\
[properties.x86_64]
level = ["v3", "v2", "v1"]
avx2 = ["on"]

[properties.nvidia]
cuda_version_lower_bound = ["12.9", "12.8", "12.7", "12.6", "12.5", "12.4", "12.3", "12.2", "12"]
"""
FUTURE = "needs x86_64 :: level :: v9, but the machine supports v3, v2 and v1."
CHOICE = (
    "needs extra :: on :: yes, but the provider of extra is optional and not enabled "
    "(enable it by name: extra)."
)


@pytest.fixture
def machine(tmp_path: Path) -> str:
    path = tmp_path / "machine.toml"
    path.write_text(MACHINE)
    return str(path)


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "demo-1.0-variants.json"
    path.write_text(json.dumps(DOCUMENT))
    return str(path)


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("VARIANTSEL")]:
        monkeypatch.delenv(variable)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.chdir(tmp_path)


def run(
    *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "variantsel", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(variables or {})},
        timeout=60,
        check=False,
    )


def run_on_terminal(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    output = terminal.run_on_terminal(
        [sys.executable, "-m", "variantsel", *arguments],
        {**os.environ, "TERM": "xterm", **(variables or {})},
    )
    return output.replace("\r\n", "\n")


# rank


def test_rank_prints_exactly_labels_and_rejections_as_json(document: str, machine: str) -> None:
    done = run("rank", document, "--target", machine, "--format", "json")

    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer.keys() == {"target", "labels", "narrowed", "rejected"}
    assert (answer["labels"], answer["narrowed"]) == (["fast", "slow", "null"], {})
    assert {label: reason["text"] for label, reason in answer["rejected"].items()} == {
        "choice": CHOICE,
        "future": FUTURE,
    }
    assert answer["rejected"]["future"] == {
        "kind": "value",
        "namespace": "x86_64",
        "feature": "level",
        "wanted": ["v9"],
        "supported": ["v3", "v2", "v1"],
        "detail": "",
        "text": FUTURE,
    }
    assert done.stderr == b""


def test_rank_prints_a_plain_table(
    document: str, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rank", document, "--target", machine]) == 0

    assert capsys.readouterr().out == (
        f"Machine: {machine}\n"
        "\n"
        "   VARIANT  PROPERTIES SUPPORTED\n"
        "1  fast     x86_64 :: level :: v3\n"
        "            blas :: library :: openblas, mkl\n"
        "2  slow     x86_64 :: level :: v1\n"
        "3  null     (needs none)\n"
        "\n"
        "   REJECTED  REASON\n"
        f"-  choice    {CHOICE}\n"
        f"-  future    {FUTURE}\n"
    )


def test_rank_reads_standard_input(machine: str) -> None:
    done = run(
        *("rank", "-", "--target", machine, "--format", "json"), stdin=json.dumps(DOCUMENT).encode()
    )

    assert json.loads(done.stdout)["labels"] == ["fast", "slow", "null"]


def test_rank_reads_a_wheel(
    tmp_path: Path, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = write_wheel(tmp_path, "demo", "1.0", label="fast", variant_json=DOCUMENT)

    assert main(["rank", str(wheel), "--target", machine, "--format", "json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "target": machine,
        "labels": ["fast"],
        "narrowed": {},
        "rejected": {},
    }


def test_rank_enables_optional_providers(
    document: str,
    machine: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ["rank", document, "--target", machine, "--format", "json"]

    main([*command, "--enable", "other", "--enable", "extra"])
    by_option = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("VARIANTSEL_ENABLE", "extra")
    main(command)
    by_variable = json.loads(capsys.readouterr().out)

    assert by_option["labels"] == ["fast", "slow", "choice", "null"]
    assert by_variable == by_option


def test_rank_takes_the_machine_from_the_configuration_unless_told(
    document: str,
    machine: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ranked(*options: str) -> list[str]:
        main(["rank", document, "--format", "json", *options])
        labels: list[str] = json.loads(capsys.readouterr().out)["labels"]
        return labels

    (tmp_path / "pyproject.toml").write_text('[tool.variantsel]\ntarget = "cpu-x86-64-v2"\n')
    assert ranked() == ["slow", "null"]
    monkeypatch.setenv("VARIANTSEL_TARGET", machine)
    assert ranked() == ["fast", "slow", "null"]
    assert ranked("--target", "cpu-aarch64") == ["null"]


def test_rank_notes_once_what_is_skipped_for_other_packages(
    tmp_path: Path, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "demo-1.0-variants.json"
    built_for = {f"torch{minor}": {"abi_dependency": {"torch": [f"2.{minor}"]}} for minor in (8, 9)}
    path.write_text(json.dumps({**DOCUMENT, "variants": {**DOCUMENT["variants"], **built_for}}))

    main(["rank", str(path), "--target", machine])

    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        "note: skipped torch8, torch9, built for certain versions of torch (abi_dependency), which "
        "variantsel does not check"
    ]
    assert shown.out.count("abi_dependency :: torch :: 2.9") == 1


def test_rank_ends_with_1_when_nothing_is_compatible(
    tmp_path: Path, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "demo-1.0-variants.json"
    path.write_text(
        json.dumps({**DOCUMENT, "variants": {"future": DOCUMENT["variants"]["future"]}})
    )

    assert main(["rank", str(path), "--target", machine]) == 1

    output = capsys.readouterr().out
    assert "No variant is compatible.\n" in output
    assert FUTURE in output


def test_rank_shows_steering_characters_of_metadata_escaped(
    tmp_path: Path, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = {
        **DOCUMENT,
        "$schema": "https://variants-schema.wheelnext.dev/v0.0.3.json",
        "providers": {
            "x86_64": {"requires": ["x"], "enable-if": "os_name == '\x1b[2J'"},
        },
        "variants": {"fast": {"x86_64": {"level": ["v3"]}}},
    }
    path = tmp_path / "demo-1.0-variants.json"
    path.write_text(json.dumps(hostile))

    main(["rank", str(path), "--target", machine])

    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert r"\x1b[2J" in output


# detect


def test_detect_prints_exactly_the_properties_in_order_as_json(machine: str) -> None:
    done = run("detect", "--target", machine, "--format", "json")

    assert done.returncode == 0
    detected = json.loads(done.stdout)
    assert detected == {
        "x86_64": {"level": ["v3", "v2", "v1"], "avx2": ["on"]},
        "nvidia": {
            "cuda_version_lower_bound": [
                *("12.9", "12.8", "12.7", "12.6", "12.5", "12.4", "12.3", "12.2", "12")
            ]
        },
    }
    assert list(detected) == ["x86_64", "nvidia"]
    assert list(detected["x86_64"]) == ["level", "avx2"]


def test_detect_prints_a_plain_table_with_long_lists_abbreviated(
    machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", "--target", machine]) == 0

    assert capsys.readouterr().out == (
        f"Machine: {machine}\n"
        "\n"
        "NAMESPACE  FEATURE                   VALUES\n"
        "x86_64     level                     v3, v2, v1\n"
        "x86_64     avx2                      on\n"
        "nvidia     cuda_version_lower_bound  12.9, 12.8, 12.7, 12.6, …, 12.2, 12 (9 values)\n"
    )


def test_detect_asks_this_machine_by_default() -> None:
    done = run(
        "detect",
        "--format",
        "json",
        variables={
            "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
            "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "8.9",
        },
    )

    nvidia = json.loads(done.stdout)["nvidia"]
    assert nvidia["cuda_version_lower_bound"][:2] == ["12.8", "12.7"]
    assert nvidia["sm_arch"][0] == "89_real"


def test_detect_says_on_stderr_what_the_providers_noticed() -> None:
    forced = {
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "99.0",
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "8.9",
    }

    done = run("detect", "--format", "json", variables=forced)

    assert done.returncode == 0
    assert "nvidia" not in json.loads(done.stdout)
    assert done.stderr.startswith(b"note: ")
    assert b"99.0" in done.stderr


def test_detect_says_kindly_that_nothing_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.toml").write_text("")

    assert main(["detect", "--target", "empty.toml"]) == 0
    assert "Nothing that variants are built for was found. That is fine" in capsys.readouterr().out
    assert main(["detect", "--target", "empty.toml", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {}


# activate, deactivate, status, pip, --version


def test_activate_status_and_deactivate_work_on_their_environment(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)

    def run_there(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [environment / "bin" / "python", "-m", "variantsel", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    def status() -> tuple[int, dict[str, object]]:
        done = run_there("status", "--format", "json")
        return done.returncode, json.loads(done.stdout)

    code, before = status()
    assert (code, before["active"], before["files"]) == (1, False, [])
    assert set(before) == {
        *("prefix", "active", "why_not", "files", "lent_by"),
        *("pip_version", "pip_supported", "python"),
    }

    activated = run_there("activate")
    assert activated.returncode == 0
    assert f"variantsel is active in {environment}" in activated.stdout

    code, during = status()
    assert (code, during["active"]) == (0, True)
    files = during["files"]
    assert isinstance(files, list)
    assert files
    assert all(Path(file).is_file() and file in activated.stdout for file in files)
    assert f"variantsel is active in {environment}" in run_there("status").stdout

    deactivated = run_there("deactivate")
    assert deactivated.returncode == 0
    assert all(not Path(file).exists() and file in deactivated.stdout for file in files)
    assert "was not active" in run_there("deactivate").stdout
    assert status() == (code + 1, before)


def test_pip_gets_its_arguments_verbatim_and_gives_its_exit_code() -> None:
    help_of_pip = run("pip", "list", "--help")
    assert help_of_pip.returncode == 0
    assert b"pip list [options]" in b" ".join(help_of_pip.stdout.split())

    options = run("pip", "download", "--no-index", "--dest", "x", "--", "no-such-thing")
    assert options.returncode == 1
    assert b"no-such-thing" in options.stderr

    assert run("pip", "no-such-command").returncode == 1


def test_version_says_which_matcher_runs() -> None:
    matcher = "native matcher" if is_native else "no native matcher: pure Python"

    done = run("--version")
    assert run("-V").stdout == done.stdout

    assert done.returncode == 0
    assert done.stdout.decode() == f"variantsel {__version__} ({matcher})\n"


def test_version_says_when_there_is_no_native_matcher() -> None:
    program = (
        "import sys; sys.modules['variantsel.ranking._native'] = None; "
        "from variantsel.cli import main; main(['--version'])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.decode() == f"variantsel {__version__} (no native matcher: pure Python)\n"


def test_version_loads_neither_packaging_nor_the_providers() -> None:
    program = (
        "import sys; from variantsel.cli import main; main(['--version']); "
        "print([name for name in sys.modules if name.partition('.')[0] in "
        "('packaging', 'archspec', 'pynvml', 'variantsel_providers', 'pip')])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.decode().splitlines()[-1] == "[]"


# help


@pytest.mark.parametrize(
    "command",
    [
        *([], ["detect"], ["rank"], ["list"], ["activate"], ["deactivate"], ["status"], ["target"]),
        *(["target", action] for action in ("list", "show", "save", "diff")),
    ],
)
def test_every_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0

    usage = " ".join(["variantsel", *command])
    _, _, examples = capsys.readouterr().out.partition("examples:\n")
    assert f"  {usage}" in examples


def test_the_help_documents_pip_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])

    output = capsys.readouterr().out
    assert "variantsel pip install torch" in output
    assert "exit codes:\n  0 " in output


# errors


def assert_one_line(done: subprocess.CompletedProcess[bytes], *parts: str) -> None:
    error = done.stderr.decode()
    assert done.returncode == 2
    assert done.stdout == b""
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert all(part in error for part in parts), error


def test_bad_usage_takes_one_line() -> None:
    assert_one_line(run("rank"), "FILE", "'variantsel rank --help' tells more")
    assert_one_line(run("frobnicate"), "'frobnicate'")
    assert_one_line(run("rank", "x", "--format", "yaml"), "'yaml'")
    assert_one_line(run("rank", "x", "--enable", "No Namespace"), "'No Namespace'")


def test_no_command_shows_the_help_on_stderr() -> None:
    done = run()

    assert done.returncode == 2
    assert done.stdout == b""
    assert b"usage: variantsel" in done.stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[]", "expected"),
        (b"{}", "'default-priorities' is missing"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'"' + b"x" * 32 * 1024 * 1024 + b'"', "larger than 32 MiB"),
        (b'{"$schema": "https://example.org/v7.0.0.json"}', "version 7.0.0 is not known"),
    ],
)
def test_a_broken_document_takes_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "demo-1.0-variants.json"
    path.write_bytes(content)

    assert_one_line(run("rank", str(path), "--target", "gh200"), str(path), problem)
    assert_one_line(run("rank", "-", "--target", "gh200", stdin=content), "standard input", problem)


def test_a_file_that_cannot_be_read_takes_one_line(tmp_path: Path) -> None:
    assert_one_line(run("rank", "missing.json"), "missing.json: No such file or directory")
    assert_one_line(run("rank", str(tmp_path)), f"{tmp_path}: Is a directory")
    missing = "missing-1.0-py3-none-any-fast.whl"
    assert_one_line(run("rank", missing), f"{missing}: No such file or directory")


def test_a_wheel_that_cannot_be_used_takes_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo-1.0-py3-none-any-broken.whl").write_bytes(b"PK nothing")
    ordinary = write_wheel(tmp_path, "demo", "1.0")
    good = write_wheel(tmp_path, "demo", "1.0", label="fast", variant_json=DOCUMENT)
    renamed = good.rename(tmp_path / "demo-1.0-py3-none-any-slow.whl")

    assert_one_line(run("rank", "demo.whl"), "'demo.whl' is not the name of a wheel")
    assert_one_line(run("rank", "demo-1.0-py3-none-any-broken.whl"), "not a readable wheel")
    assert_one_line(run("rank", str(ordinary)), str(ordinary), "variant.json")
    assert_one_line(run("rank", str(renamed)), str(renamed), "'slow'")


def test_an_unusable_target_takes_one_line(document: str, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[properties")

    assert_one_line(run("rank", document, "--target", "gh20"), "did you mean gh200")
    assert_one_line(run("detect", "--target", "gh20"), "did you mean gh200")
    assert_one_line(run("detect", "--target", ""), "no machine is called ''")
    assert_one_line(run("detect", "--target", "broken.toml"), "broken.toml: not TOML")
    assert_one_line(run("detect", "--target", "none.toml"), "none.toml: No such file")
    assert_one_line(
        run("detect", variables={"VARIANTSEL_TARGET": "gh20"}), "VARIANTSEL_TARGET", "gh200"
    )
    (tmp_path / "pyproject.toml").write_text("[tool.variantsel]\ntarget = 3\n")
    assert_one_line(run("detect"), "pyproject.toml", "tool.variantsel.target")


@pytest.mark.parametrize("command", ["rank", "detect", "list"])
def test_two_targets_are_one_too_many(document: str, command: str) -> None:
    file = [document] if command == "rank" else []
    assert_one_line(
        run(command, *file, "--target", "h100", "--target", "gh200"),
        "--target is given twice, h100 and gh200",
    )


def test_errors_show_steering_characters_escaped() -> None:
    assert_one_line(run("rank", "\x1b[2Jx\ny"), r"\x1b[2Jx\ny: No such file")


def test_an_output_that_cannot_show_every_character_is_served_all_the_same(machine: str) -> None:
    done = run("detect", "--target", machine, variables={"PYTHONIOENCODING": "ascii"})

    assert done.returncode == 0
    assert b"12.6, ..., 12.2" in done.stdout


INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from variantsel.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupt_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(
        # Where the tests run in the background, interrupts are ignored, and children inherit that.
        [sys.executable, "-c", INTERRUPTIBLE, "rank", str(fifo), "--target", "gh200"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        with fifo.open("wb"):  # opens once the command reads it
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)  # whether it was already waiting for input or about to
        output, error = process.communicate(timeout=60)

    assert process.returncode == 130
    assert (output, error) == (b"", b"error: interrupted\n")


def test_a_reader_that_went_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "variantsel", "detect", "--target", "gh200"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_takes_one_line() -> None:
    with open("/dev/full", "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "variantsel", "detect", "--target", "gh200"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_is_no_traceback(document: str, stream: str) -> None:
    number = ("stdin", "stdout", "stderr").index(stream)
    file = "-" if stream == "stdin" else document

    done = subprocess.run(
        [sys.executable, "-m", "variantsel", "rank", file, "--target", "gh200"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=lambda: os.close(number),
        check=False,
    )

    assert done.returncode == (2 if stream == "stdin" else 0)
    assert b"Traceback" not in done.stderr
    if stream == "stdin":
        assert done.stderr == b"error: standard input is closed\n"


# colour


def test_a_terminal_gets_colours(document: str, machine: str) -> None:
    output = run_on_terminal("rank", document, "--target", machine, variables={"COLUMNS": "1000"})

    assert output.startswith(f"\x1b[1mMachine: {machine}\x1b[0m\n")
    assert "\x1b[32mfast   \x1b[0m" in output
    assert "\x1b[31mfuture" in output
    assert run_on_terminal("rank", "missing.json").startswith("\x1b[31merror: missing.json")


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"}])
def test_a_terminal_gets_none_where_nobody_wants_them(
    document: str, machine: str, variables: dict[str, str]
) -> None:
    variables = {**variables, "COLUMNS": "1000"}
    output = run_on_terminal("rank", document, "--target", machine, variables=variables)

    assert "\x1b" not in output
    assert output.encode() == run("rank", document, "--target", machine).stdout


def test_json_is_never_coloured(document: str, machine: str) -> None:
    output = run_on_terminal("rank", document, "--target", machine, "--format", "json")

    assert json.loads(output)["labels"] == ["fast", "slow", "null"]


# the terminal's width


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_and_tables_fit_the_terminal(document: str, machine: str, columns: int) -> None:
    variables = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    longest_word = len(machine) + len("Machine: ")
    for arguments in (("rank", document, "--target", machine), ("target", "list")):
        output = run_on_terminal(*arguments, variables=variables)
        assert max(map(len, output.splitlines())) <= max(columns, longest_word)
    for arguments in (("detect", "--help"), ("trust", "--help"), ("rank", "--help")):
        text = run_on_terminal(*arguments, variables=variables).partition("examples:")[0]
        assert max(map(len, text.splitlines())) <= columns


def test_a_file_gets_whole_lines(document: str, machine: str) -> None:
    done = run("rank", document, "--target", machine, variables={"COLUMNS": "40"})
    assert CHOICE in done.stdout.decode()


# completion


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["det"], "detect"),
        (["rank", "--tar"], "--target"),
        (["completion", "ba"], "bash"),
        (["bridge", "en"], "enable"),
        (["bridge", "check", "--ind"], "--index-url"),
    ],
)
def test_bash_completes_commands_and_options(
    tmp_path: Path, words: list[str], completed: str
) -> None:
    (tmp_path / "completion").write_bytes(run("completion", "bash").stdout)
    typed = " ".join(shlex.quote(word) for word in ("variantsel", *words))
    script = (
        f"source {tmp_path}/completion; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
        'COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; '
        "$(complete -p variantsel | sed 's/.*-F \\([^ ]*\\).*/\\1/') variantsel "
        '"${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert completed in done.stdout.split()


def test_completion_without_its_package_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['shtab'] = None; from variantsel.cli import main; "
        "sys.exit(main(['completion', 'bash']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install shtab" in done.stderr
