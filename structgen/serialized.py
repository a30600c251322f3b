"""Grammars as bytes and back, without pickle: what to compile, for which vocabulary, and a digest.

Layout: a line that names the format and its version, the SHA-256 of what follows in
hexadecimal on a line of its own, then JSON.  Knows the built-in grammars and nothing native.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.choice import Choice, choice
from structgen.grammars.gbnf import Gbnf, gbnf
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema, json_schema
from structgen.grammars.json_schema.schema import CHOICES
from structgen.grammars.lark import Lark, lark
from structgen.grammars.regex.grammar import Regex, regex

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
    if type(grammar) is Lark:
        return {"kind": "lark", "text": grammar.text, "start": grammar.start}
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
    raise ValueError(f"{type(grammar).__name__} is no grammar of this library")


def _grammar(described: dict[str, Any]) -> Grammar:
    kind = described["kind"]
    if kind == "choice":
        return choice(described["options"])
    if kind == "regex":
        return regex(described["pattern"], dialect=described["dialect"])
    if kind == "gbnf":
        return gbnf(described["text"], start=described["start"], undefined=described["undefined"])
    if kind == "lark":
        return lark(described["text"], start=described["start"])
    if kind == "json_schema":
        return json_schema(
            described["schema"],
            dialect=described["dialect"],
            registry=described["registry"],
            **described["options"],
        )
    raise ValueError(f"unknown kind of grammar {kind!r}")
