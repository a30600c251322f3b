"""References: scopes of $id, anchors, embedded and remote documents, registries, what is never fetched."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import referencing
from recording_store import RecordingStore
from referencing.exceptions import NoSuchResource
from referencing.jsonschema import DRAFT202012

from structgen import _native
from structgen.errors import InvalidSchema
from structgen.grammars.json_schema import json_schema

ROOT = "https://example.org/schemas/root.json"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something tried to open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def judge(schema: Any, value: Any, **options: Any) -> bool:
    store = RecordingStore(regex=_native.RegexStore())
    return bool(store.holds(json_schema(schema, **options).lower(store), value))


CASES: list[tuple[str, Any, Any, Any]] = [
    ("a pointer", {"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}, 1, 2),
    ("escapes", {"$ref": "#/$defs/a~1b%20~0", "$defs": {"a/b ~": {"const": 1}}}, 1, 2),
    ("an anchor", {"$ref": "#x", "$defs": {"a": {"$anchor": "x", "const": 1}}}, 1, 2),
    (
        "an embedded resource, by a relative URI",
        {"$id": ROOT, "$ref": "item.json", "$defs": {"a": {"$id": "item.json", "const": 1}}},
        1,
        2,
    ),
    (
        "a pointer is relative to the nearest $id",
        {
            "$id": ROOT,
            "$ref": "item.json",
            "$defs": {
                "a": {"$id": "item.json", "$ref": "#/$defs/b", "$defs": {"b": {"const": 1}}},
                "b": {"const": 2},
            },
        },
        1,
        2,
    ),
    (
        "the same anchor in two resources",
        {
            "$id": ROOT,
            "$ref": "item.json#x",
            "$defs": {
                "a": {"$anchor": "x", "const": 2},
                "b": {"$id": "item.json", "$defs": {"c": {"$anchor": "x", "const": 1}}},
            },
        },
        1,
        2,
    ),
    (
        "names inside the schema of a name",
        {
            "propertyNames": {"propertyNames": {}, "items": {"$ref": "#/$defs/a"}, "$ref": "#/$defs/a"},
            "$defs": {"a": {"maxLength": 1}},
        },
        {"a": 1},
        {"ab": 1},
    ),
    (
        "the published metaschema",
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"minLength": 1},
        5,
    ),
]


@pytest.mark.parametrize(("schema", "valid", "invalid"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_where_a_reference_leads(schema: Any, valid: Any, invalid: Any) -> None:
    assert judge(schema, valid)
    assert not judge(schema, invalid)


def test_documents_come_from_a_mapping() -> None:
    documents = {
        "https://example.org/schemas/a.json": {"$ref": "deeper/b.json#/$defs/x"},
        "https://example.org/schemas/deeper/b.json": {"$defs": {"x": {"$ref": "c.json"}}},
        "https://example.org/schemas/deeper/c.json": '{"const": 1}',
    }
    schema = {"$id": ROOT, "$ref": "a.json"}
    assert judge(schema, 1, registry=documents)
    assert not judge(schema, 2, registry=documents)


def test_documents_come_from_a_registry_and_its_retriever() -> None:
    asked: list[str] = []

    def retrieve(uri: str) -> Any:
        asked.append(uri)
        if not uri.endswith("b.json"):
            raise NoSuchResource(ref=uri)
        return DRAFT202012.create_resource({"const": 1})

    held = DRAFT202012.create_resource({"$ref": "b.json"})
    registry = referencing.Registry(retrieve=retrieve).with_resource("https://example.org/a.json", held)
    schema = {"$ref": "https://example.org/a.json"}
    assert judge(schema, 1, registry=registry)
    assert set(asked) == {"https://example.org/b.json"}
    assert not judge(schema, 2, registry=registry)
    with pytest.raises(InvalidSchema, match=r"there is no schema 'https://example.org/none.json'"):
        judge({"$ref": "https://example.org/none.json"}, 1, registry=registry)


def test_what_a_retriever_says_is_passed_on() -> None:
    def retrieve(uri: str) -> Any:
        raise OSError("no route to host")

    with pytest.raises(InvalidSchema) as caught:
        judge({"items": {"$ref": "https://a.b/c"}}, 1, registry=referencing.Registry(retrieve=retrieve))
    assert caught.value.pointer == "/items/$ref"
    assert "'https://a.b/c' (OSError: no route to host)" in str(caught.value)


@pytest.mark.parametrize(
    "reference", ["https://example.org/x.json", "x.json", "urn:x:y", "file:///etc/hostname"]
)
def test_nothing_is_fetched_and_the_error_names_the_place_and_the_uri(reference: str) -> None:
    for registry in (None, {}, referencing.Registry()):
        with pytest.raises(InvalidSchema) as caught:
            judge({"properties": {"a/b": {"$ref": reference}}}, 1, registry=registry)
        assert caught.value.pointer == "/properties/a~1b/$ref"
        assert repr(reference) in str(caught.value)
        assert "registry={uri: schema}" in str(caught.value)
