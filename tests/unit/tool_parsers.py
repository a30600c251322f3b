"""Parsers of tool calls that share nothing with the library: what servers do with a model's output.

Each takes a reply and gives its text and its calls as (name, arguments), or raises.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

Calls = list[tuple[str, dict[str, Any]]]


def hermes(reply: str) -> tuple[str, Calls]:
    calls: Calls = []
    pattern = r"<tool_call>\n?(.*?)\n?</tool_call>"
    for body in re.findall(pattern, reply, flags=re.DOTALL):
        call = json.loads(body)
        assert sorted(call) == ["arguments", "name"]
        calls.append((call["name"], call["arguments"]))
    text = re.sub(pattern, "", reply, flags=re.DOTALL)
    assert "<tool_call>" not in text and "</tool_call>" not in text, "a tag without a call"
    return text, calls


def llama(reply: str) -> tuple[str, Calls]:
    if not reply.lstrip().startswith("{") and "<|python_tag|>" not in reply:
        return reply, []
    rest = reply.removeprefix("<|python_tag|>")
    assert "<|python_tag|>" not in re.sub(r'"(\\.|[^"\\])*"', "", rest)
    calls: Calls = []
    decoder, place = json.JSONDecoder(), 0
    while place < len(rest):
        call, place = decoder.raw_decode(rest, place)
        assert sorted(call) == ["name", "parameters"]
        calls.append((call["name"], call["parameters"]))
        assert rest[place : place + 2] in ("; ", "")
        place += 2
    return "", calls


def pythonic(reply: str) -> tuple[str, Calls]:
    source = reply.removeprefix("<|python_tag|>")
    if source == reply and not reply.lstrip().startswith("["):
        return reply, []
    module = ast.parse(source)
    assert len(module.body) == 1 and isinstance(module.body[0], ast.Expr)
    calls: Calls = []
    listed = module.body[0].value
    assert isinstance(listed, ast.List)
    for call in listed.elts:
        assert isinstance(call, ast.Call) and not call.args
        arguments = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        assert len(arguments) == len(call.keywords)
        calls.append((ast.unparse(call.func), arguments))
    return "", calls


def mistral(reply: str) -> tuple[str, Calls]:
    text, *blocks = reply.split("[TOOL_CALLS]", 1)
    if not blocks:
        return text, []
    found = json.loads(blocks[0])
    assert isinstance(found, list) and found
    return text, [(call["name"], call["arguments"]) for call in found]


def mistral_named(reply: str) -> tuple[str, Calls]:
    place = reply.find("[TOOL_CALLS]")
    if place < 0:
        assert "[ARGS]" not in reply
        return reply, []
    text, calls = reply[:place], []
    while place < len(reply):
        assert reply.startswith("[TOOL_CALLS]", place)
        split = reply.index("[ARGS]", place)
        name = reply[place + len("[TOOL_CALLS]") : split]
        arguments, place = json.JSONDecoder().raw_decode(reply, split + len("[ARGS]"))
        calls.append((name, arguments))
    return text, calls


def deepseek(reply: str, *, fenced: bool) -> tuple[str, Calls]:
    marks = ["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"]
    text, *block = reply.split(marks[0], 1)
    assert not any(mark in text for mark in [*marks, "<｜tool▁sep｜>"])
    if not block:
        return text, []
    assert block[0].endswith(marks[1])
    body = block[0][: -len(marks[1])]
    calls: Calls = []
    head = r"function<｜tool▁sep｜>([^\n]*)\n```json\n(.*)\n```" if fenced else r"(.*?)<｜tool▁sep｜>(.*)"
    for part in re.split(r"(?<=<｜tool▁call▁end｜>)\n?(?=<｜tool▁call▁begin｜>)", body):
        assert part.startswith(marks[2]) and part.endswith(marks[3])
        found = re.fullmatch(head, part[len(marks[2]) : -len(marks[3])], flags=re.DOTALL)
        assert found is not None
        calls.append((found[1], json.loads(found[2])))
    return text, calls


def openai(reply: str) -> tuple[str, Calls]:
    message = json.loads(reply)
    assert set(message) <= {"content", "tool_calls"}
    functions = [call["function"] for call in message.get("tool_calls", [])]
    return message["content"] or "", [(function["name"], function["arguments"]) for function in functions]


PARSERS: dict[str, Any] = {
    "hermes": hermes,
    "llama3.1": llama,
    "pythonic": pythonic,
    "mistral": mistral,
    "mistral-v11": mistral_named,
    "deepseek": lambda reply: deepseek(reply, fenced=True),
    "deepseek-v3.1": lambda reply: deepseek(reply, fenced=False),
    "openai": openai,
}
