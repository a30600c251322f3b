"""The command line against stand-ins for the model and the engine: arguments, printing, exit codes.

What the real engine and the embedded model answer is in tests/e2e; here every outcome is forced, so that
each exit code and each message has a test. Runs that need a process of their own (signals, pipes) start one.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import structgen
from structgen import errors
from structgen.cli import app, output

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@dataclass
class FakeGeneration:
    value: Any = field(default_factory=lambda: {"name": "Ada é"})
    text: str = '{"name": "Ada é"}'
    finish_reason: str = "complete"
    law: str = "local"
    tokens: tuple[int, ...] = (1, 2, 3)
    log_mass: float = -0.5
    stats: dict[str, Any] = field(default_factory=lambda: {"forward_passes": 2})


class Engine:
    """Records what the command line asks for and answers, or raises, what the test wants."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.answer: Any = FakeGeneration()

    def load(self, name: str) -> str:
        return f"loaded {name}"

    def generate(self, model: str, prompt: str, **options: Any) -> Any:
        self.calls.append({"model": model, "prompt": prompt, **options})
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(structgen, "load", engine.load, raising=False)
    monkeypatch.setattr(structgen, "generate", engine.generate, raising=False)
    return engine


@pytest.fixture
def schema_file(tmp_path: Path) -> str:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA), encoding="utf-8")
    return str(path)


def stdin(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))


# ---- generate ---------------------------------------------------------------------------------------------


def test_generate_passes_every_option_on(engine: Engine, schema_file: str) -> None:
    options = ["--max-tokens", "40", "--temperature", "0.5", "--top-p", "0.9", "--top-k", "7", "--seed", "3"]
    assert app.run(["generate", "--schema", schema_file, *options, "who is it?"]) == 0
    (call,) = engine.calls
    assert call.pop("on_token") is None  # nothing streams into a pipe
    assert call == {
        "model": "loaded pocket",
        "prompt": "who is it?",
        "schema": SCHEMA,
        "max_tokens": 40,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "seed": 3,
    }


def test_generate_prints_the_value_alone_into_a_pipe(
    engine: Engine, schema_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["generate", "--schema", schema_file, "p"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"name": "Ada é"}
    assert printed.out == '{\n  "name": "Ada é"\n}\n'
    assert printed.err == ""


def test_generate_json_is_one_object_on_one_line(
    engine: Engine, schema_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["generate", "--schema", schema_file, "--json", "p"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "value": {"name": "Ada é"},
        "text": '{"name": "Ada é"}',
        "finish_reason": "complete",
        "law": "local",
        "tokens": [1, 2, 3],
        "log_mass": -0.5,
        "stats": {"forward_passes": 2},
    }


def test_generate_takes_choices_and_regexes(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.answer = FakeGeneration(value="yes", text="yes")
    assert app.run(["generate", "--choice", "yes", "--choice", "no", "p"]) == 0
    assert app.run(["generate", "--regex", "[a-z]+", "p"]) == 0
    assert engine.calls[0]["choice"] == ["yes", "no"]
    assert engine.calls[1]["regex"] == "[a-z]+"
    assert capsys.readouterr().out == "yes\nyes\n"


def test_generate_reads_the_schema_or_the_prompt_from_standard_input(
    engine: Engine, schema_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, b'\xef\xbb\xbf{"type": "null"}')
    assert app.run(["generate", "--schema", "-", "p"]) == 0
    assert engine.calls[-1]["schema"] == {"type": "null"}
    stdin(monkeypatch, "who is Zoë?".encode())
    assert app.run(["generate", "--schema", schema_file, "-"]) == 0
    assert engine.calls[-1]["prompt"] == "who is Zoë?"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.BudgetTooSmall(12, 5), 1),
        (errors.UnsatisfiableSchema("minimum 3 and maximum 2 exclude every number", pointer="/minimum"), 1),
        (errors.UnsupportedKeyword("futureKeyword", pointer="/futureKeyword"), 1),
        (errors.ComplexityLimitExceeded("too many states", limit="states"), 1),
        (errors.IntegrationError("transformers is missing"), 1),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 1),
        (errors.InvalidSchema("minLength must be a number", pointer="/minLength"), 2),
        (errors.RegexSyntaxError("nothing to repeat", pattern="*", position=0), 2),
        (errors.VocabularyError("the vocabulary is empty"), 2),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_generate_exit_codes(
    engine: Engine, schema_file: str, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int
) -> None:
    engine.answer = raised
    assert app.run(["generate", "--schema", schema_file, "p"]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    if code != 130:
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1


def test_a_defect_keeps_its_traceback(engine: Engine, schema_file: str) -> None:
    engine.answer = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        app.run(["generate", "--schema", schema_file, "p"])


# ---- bad input: one line on stderr, exit code 2, nothing on stdout -----------------------------------------

BAD_FILES = {
    "malformed": (b'{"type": ', "malformed JSON at line 1, column 10"),
    "empty": (b"", "malformed JSON at line 1, column 1"),
    "not UTF-8": (b'{"title": "\xff"}', "not UTF-8 text (byte 0xff at 11)"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "deep and closed": (b'{"not":' * 100_000 + b"{}" + b"}" * 100_000, "nested too deeply"),
    "NaN": (b'{"minimum": NaN}', "NaN is not JSON"),
    "infinite": (b'{"minimum": 1e999}', "1e999 does not fit"),
    "5,000 digits": (b'{"minimum": ' + b"1" * 5000 + b"}", "digits"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", [["check"], ["mask"], ["generate", "p", "--schema"]], ids=lambda c: c[0])
def test_bad_schema_files(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, command: list[str]
) -> None:
    content, says = BAD_FILES[name]
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    assert app.run([*command, str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert "bad.json" in printed.err
    assert not engine.calls


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generate", "p"], "exactly one of --schema, --regex and --choice; got none"),
        (["generate", "--regex", "a", "--choice", "b", "p"], "got --regex and --choice"),
        (["generate", "--schema", "/no/such/file", "p"], "cannot read /no/such/file: no such file"),
        (["generate", "--schema", "/", "p"], "is a directory"),
        (["generate", "--schema", "a\0b", "p"], "not a file name"),
        (["generate", "--schema", "-", "-"], "cannot both come from standard input"),
        (["generate", "--regex", "a", "--model", "/no/such/model", "p"], "no such file or folder"),
        (["generate", "--regex", "a", "--model", "/", "p"], "no config.json there"),
        (["generate", "--regex", "a"], "prompt"),
        (["generate", "--regex", "a", "--max-tokens", "0", "p"], "--max-tokens"),
        (["generate", "--regex", "a", "--max-tokens", "many", "p"], "--max-tokens"),
        (["generate", "--regex", "a", "--temperature", "-1", "p"], "--temperature"),
        (["generate", "--regex", "a", "--top-p", "1.5", "p"], "--top-p"),
        (["check"], "file"),
        (["mask", "/no/such/file"], "no such file"),
        (["explode"], "explode"),
        (["generate", "--bogus"], "--bogus"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(
    engine: Engine, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert app.run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert not engine.calls


@pytest.mark.parametrize(
    "arguments", [["--help"], ["generate", "--help"], ["check", "--help"], ["mask", "--help"]]
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert app.run(arguments) == 0
    assert "Usage: structgen" in capsys.readouterr().out


# ---- printing ----------------------------------------------------------------------------------------------


def test_streams_without_unicode_get_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    output.print_value({"name": "Zoë"})
    output.print_json({"name": "Zoë"})
    output.print_value("Zoë")
    lines = raw.getvalue().decode("ascii")
    assert lines == '{\n  "name": "Zo\\u00eb"\n}\n{"name": "Zo\\u00eb"}\nZo\\xeb\n'


def test_a_lone_surrogate_prints_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_value({"half": "\ud800"})
    assert json.loads(capsys.readouterr().out) == {"half": "\ud800"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [(b"ab", '"ab"'), (b" \n", '" \\n"'), (b"\xc3\xa9", '"é"'), (b"\xc3", "bytes c3"), (None, "(no text)")],
)
def test_token_text(raw: bytes | None, shown: str) -> None:
    assert output.token_text(raw) == shown


def test_plain_reaches_into_every_container() -> None:
    class Model:
        def model_dump(self) -> dict[str, Any]:
            return {"at": Path("x")}

    nested = {"generation": FakeGeneration(value=Model()), 3: ({"a"}, float("nan"))}
    assert output.plain(nested)["generation"]["value"] == {"at": "x"}
    assert output.plain(nested)["3"] == [["a"], None]


# ---- processes ---------------------------------------------------------------------------------------------

# Patches the engine inside a child process, then runs the real entry point.
CHILD = """
import signal, sys, time, types
import structgen
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's children start without
from structgen.cli import main
structgen.load = lambda name: name
def generate(model, prompt, **options):
    if prompt == "wait":
        print("ready", flush=True)
        time.sleep(60)
    if prompt == "grow":
        for piece in ("par", "tial"):
            options["on_token"](piece)
        return types.SimpleNamespace(value=["finished"])
    return types.SimpleNamespace(value=["x" * 1000] * 1000)
structgen.generate = generate
main()
"""


def child(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_interrupting_exits_130_without_a_traceback() -> None:
    process = child("generate", "--regex", "a", "wait")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_a_reader_that_leaves_is_no_crash() -> None:
    process = child("generate", "--regex", "a", "p")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == -signal.SIGPIPE
    assert err == b""


def test_a_terminal_sees_the_text_grow_and_then_the_value_in_colour() -> None:
    pty = pytest.importorskip("pty", reason="pseudo-terminals exist on Unix only")
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, "generate", "--regex", "a", "grow"],
        stdin=subprocess.DEVNULL,
        stdout=secondary,
        stderr=secondary,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "60"},
    )
    os.close(secondary)
    seen = b""
    while True:
        try:
            piece = os.read(primary, 4096)
        except OSError:  # Linux reports the closed terminal so, other systems by an empty read
            break
        if not piece:
            break
        seen += piece
    os.close(primary)
    assert process.wait() == 0
    growing, clearing, value = seen.rpartition(b"\x1b[2K")
    assert b"partial" in growing
    assert clearing
    assert b"\x1b[" in value
    assert b"finished" in value
    assert b"partial" not in value


def test_no_colours_into_a_pipe_even_when_the_terminal_has_them(tmp_path: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHILD, "generate", "--regex", "a", "p"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert b"\x1b" not in done.stdout + done.stderr
