"""`structgen check` and `structgen mask` about grammars, types and choices that Python code defines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from structgen.cli.app import app

CODE = '''
from dataclasses import dataclass
import structgen as sg

@dataclass
class Point:
    x: int

def weather(city: str) -> str:
    """Look up the weather."""

date = sg.regex("[0-9]{4}-[0-9]{2}")
answers = ["yes", "no"]
quote = sg.tag("<", sg.substring_of("to be or not to be"), ">")
calls = sg.tool_calls([weather], required=True)
turn = sg.sequence("a", sg.special("<|im_start|>"), "b")
thought = sg.think(then=Point)
nested = sg.lark('start: "[" start "]" | %json {"type": "boolean"}')
logged = sg.sequence("log: ", sg.gbnf('root ::= "(" root ")" | "x"'), sg.special("<|im_start|>"))
schema = {"type": "boolean"}
'''


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "defined_here.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("Point", {"x": 0}),
        ("schema", True),
        ("date", "0000-00"),
        ("answers", "no"),
        ("quote", "<t>"),
        ("turn", "a<|im_start|>b"),
        ("nested", "true"),
        ("logged", "log: x<|im_start|>"),
    ],
)
def test_check_explains_what_code_defines(code: Path, name: str, example: Any) -> None:
    document = run("check", f"{code}:{name}")
    assert document["ok"]
    found = document["example"]
    assert type(found) is type(example)
    assert len(json.dumps(found)) == len(json.dumps(example)), found


def test_check_knows_reasoning_and_tools(code: Path) -> None:
    assert run("check", f"{code}:calls")["example"].startswith("<tool_call>")
    assert run("check", f"{code}:thought")["example"].startswith("<think></think>")


def test_check_judges_an_instance(code: Path, tmp_path: Path) -> None:
    text = tmp_path / "reply.txt"
    text.write_text(
        '<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>', encoding="utf-8"
    )
    assert run("check", f"{code}:calls", "--instance", str(text))["instance"]["valid"]
    text.write_text('<tool_call>{"name": "whether"', encoding="utf-8")
    done = CliRunner().invoke(app, ["check", f"{code}:calls", "--instance", str(text)])
    assert done.exit_code == 1


def test_mask_after_a_prefix(code: Path) -> None:
    document = run("mask", f"{code}:calls", "Hm <tool_call>", "--limit", "3")
    assert not document["can_stop"]
    assert document["distance"] > 3
    assert {entry["text"][0] for entry in run("mask", f"{code}:answers", "y")["allowed"]} == {"e"}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("{}:nothing", "no 'nothing'"),
        ("missing.py:x", "no such file"),
        ("no_module_of_this_name:x", "imported"),
    ],
)
def test_what_is_missing_is_named(code: Path, where: str, words: str) -> None:
    done = CliRunner().invoke(app, ["check", where.format(code)])
    assert done.exit_code != 0
    assert words in done.output + str(done.exception)


GRAMMARS = {
    "nest.lark": 'start: "(" start ")" | %json {"type": "integer"}',
    "nest.gbnf": 'root ::= "(" root ")" | [0-9]+',
    "nest.ebnf": "root ::= '(' root ')' | [0-9]+",
}


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_grammar_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(GRAMMARS[name], encoding="utf-8")
    document = run("check", str(path))
    assert (document["types"], document["example"], document["shortest_bytes"]) == (["text"], "0", 1)
    document = run("mask", str(path), "((7")
    assert not document["can_stop"]
    allowed = run("mask", str(path), "((7", "--limit", "999")["allowed"]
    assert {")", "0"} <= {entry["text"] for entry in allowed} <= {")", "))", *"0123456789"}


def test_what_is_wrong_with_a_grammar_is_said_as_data(tmp_path: Path) -> None:
    path = tmp_path / "wrong.lark"
    path.write_text('start: "a"\n  | gone', encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path), "--json"])
    error = json.loads(done.stdout)["error"]
    assert (error["type"], error["rule"], error["line"], error["column"]) == ("InvalidGrammar", "gone", 2, 5)
