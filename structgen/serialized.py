"""Grammars as bytes and back, without pickle: what to compile, for which vocabulary, and a digest.

A composition is written as the grammars it is made of, a type as its schema: its values are JSON values again
after that.  What a class writes of itself stands in _COMPOSITIONS.

Layout: a line that names the format and its version, the SHA-256 of what follows in
hexadecimal on a line of its own, then JSON.  Knows the built-in grammars and nothing native.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.choice import Choice, choice
from structgen.grammars.composition import OneOf, Repeat, Sequence, Special, SubstringOf, Text
from structgen.grammars.ebnf import Ebnf, ebnf
from structgen.grammars.gbnf import Gbnf, gbnf
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema, json_schema
from structgen.grammars.json_schema.schema import CHOICES
from structgen.grammars.lark import Lark, lark
from structgen.grammars.regex.grammar import Regex, regex
from structgen.grammars.tools import Think, Tool, ToolCalls

_NAME = b"structgen constraint "
_VERSION = b"1"


def dump(grammar: Grammar, fingerprint: str) -> bytes:
    """Write ``grammar`` and the fingerprint of its vocabulary; GrammarError when it cannot be written."""
    try:
        text = json.dumps({"grammar": _described(grammar), "vocabulary": fingerprint}, ensure_ascii=False)
        body = text.encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise GrammarError(f"{grammar!r} cannot be serialized: {error}") from error
    return b"\n".join([_NAME + _VERSION, hashlib.sha256(body).hexdigest().encode(), body])


def load(data: bytes) -> tuple[Grammar, str]:
    """Read the grammar and the fingerprint that :func:`dump` wrote; GrammarError for anything else."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise GrammarError(f"a serialized constraint is bytes, got {type(data).__name__}")
    head, _, rest = bytes(data).partition(b"\n")
    if not head.startswith(_NAME):
        raise GrammarError("these bytes are no serialized constraint; write one with Constraint.serialize()")
    if head != _NAME + _VERSION:
        version = head[len(_NAME) :][:20].decode(errors="replace")
        raise GrammarError(
            f"this constraint was serialized as version {version!r}, and only {_VERSION.decode()!r} can be "
            "read here; serialize it again with this release"
        )
    digest, _, body = rest.partition(b"\n")
    if digest != hashlib.sha256(body).hexdigest().encode():
        raise GrammarError("this serialized constraint is damaged: its digest does not fit; write it again")
    try:
        content = json.loads(body.decode("utf-8", "surrogatepass"))
        return _grammar(content["grammar"]), str(content["vocabulary"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise GrammarError(f"this serialized constraint has an unexpected shape: {error!r}") from error


def _described(grammar: Grammar) -> dict[str, Any]:
    if type(grammar) is Choice:
        return {"kind": "choice", "options": list(grammar.options)}
    if type(grammar) is Regex:
        return {"kind": "regex", "pattern": grammar.pattern, "dialect": grammar.dialect}
    if type(grammar) is Gbnf:
        described = {"text": grammar.text, "start": grammar.start, "undefined": grammar.undefined}
        return {"kind": "gbnf", **described}
    if type(grammar) is Ebnf:
        return {"kind": "ebnf", "text": grammar.text, "start": grammar.start}
    if type(grammar) is Lark:
        options = dict(grammar.options)
        return {"kind": "lark", "text": grammar.text, "start": grammar.start, "options": options}
    if type(grammar) is JsonSchema:
        registry = grammar.registry
        if registry is not None and (
            not isinstance(registry, Mapping) or hasattr(registry, "get_or_retrieve")
        ):
            raise ValueError("give its registry as a plain mapping from URI to schema")
        options = {name: getattr(grammar, name) for name in CHOICES}
        return {
            "kind": "json_schema",
            "schema": grammar.schema,
            "options": options,
            "dialect": grammar.dialect,
            "registry": None if registry is None else dict(registry),
        }
    for kind, (cls, write, _) in _COMPOSITIONS.items():
        if type(grammar) is cls:
            return {"kind": kind, **write(grammar)}
    raise ValueError(f"{type(grammar).__name__} is no grammar of this library")


_Writer = Callable[[Any], dict[str, Any]]
_Maker = Callable[[dict[str, Any]], Grammar]
# kind → class, what is written of it, how it is made again
_COMPOSITIONS: dict[str, tuple[type[Grammar], _Writer, _Maker]] = {
    "sequence": (
        Sequence,
        lambda grammar: {"parts": [_described(part) for part in grammar.parts]},
        lambda said: Sequence(tuple(_grammar(part) for part in said["parts"])),
    ),
    "one_of": (
        OneOf,
        lambda grammar: {"parts": [_described(part) for part in grammar.parts]},
        lambda said: OneOf(tuple(_grammar(part) for part in said["parts"])),
    ),
    "repeat": (
        Repeat,
        lambda grammar: {"part": _described(grammar.part), "min": grammar.least, "max": grammar.most},
        lambda said: Repeat(_grammar(said["part"]), said["min"], said["max"]),
    ),
    "text": (
        Text,
        lambda grammar: {"stop": list(grammar.stop), "max_tokens": grammar.max_tokens},
        lambda said: Text(tuple(said["stop"]), said["max_tokens"]),
    ),
    "special": (
        Special,
        lambda grammar: {"name": grammar.name, "or_text": grammar.or_text},
        lambda said: Special(said["name"], said["or_text"]),
    ),
    "think": (
        Think,
        lambda grammar: {
            "then": _described(grammar.then),
            **{name: getattr(grammar, name) for name in ("begin", "end", "max_tokens")},
        },
        lambda said: Think(_grammar(said["then"]), said["begin"], said["end"], said["max_tokens"]),
    ),
    "tool_calls": (
        ToolCalls,
        lambda grammar: {
            "tools": [[tool.name, tool.parameters, tool.description] for tool in grammar.tools],
            **{name: getattr(grammar, name) for name in ("style", "least", "most")},
        },
        lambda said: ToolCalls(
            tuple(Tool(*tool) for tool in said["tools"]), said["style"], said["least"], said["most"]
        ),
    ),
    "substring_of": (
        SubstringOf,
        lambda grammar: {"source": grammar.source},
        lambda said: SubstringOf(said["source"]),
    ),
}


def _grammar(described: dict[str, Any]) -> Grammar:
    kind = described["kind"]
    if kind == "choice":
        return choice(described["options"])
    if kind == "regex":
        return regex(described["pattern"], dialect=described["dialect"])
    if kind == "gbnf":
        return gbnf(described["text"], start=described["start"], undefined=described["undefined"])
    if kind == "ebnf":
        return ebnf(described["text"], start=described["start"])
    if kind == "lark":
        return lark(described["text"], start=described["start"], **described.get("options", {}))
    if kind == "json_schema":
        return json_schema(
            described["schema"],
            dialect=described["dialect"],
            registry=described["registry"],
            **described["options"],
        )
    if kind in _COMPOSITIONS:
        return _COMPOSITIONS[kind][2](described)
    raise ValueError(f"unknown kind of grammar {kind!r}")
