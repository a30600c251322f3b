"""What the laws draw from: vocabularies, expressions and schemas, with the language of each by definition.

Three kinds of grammars come with a language that owes nothing to the engine: choices (a list), regular
expressions (an automaton of `interegular`), and *bounded* schemas: any schema S joined with one of a few
finite universes, whose texts are written down here and judged one by one by `jsonschema`.

Knows nothing about masks or matchers.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import interegular
import jsonschema
from hypothesis import strategies as st

import structgen as sg
from structgen.testing.reference import Language, ReferenceConstraint

# --- Vocabularies ----------------------------------------------------------------------------------

JSON_PIECES: tuple[bytes, ...] = (
    b'{"', b'":', b'":"', b'":{"', b'",', b'","', b'"}', b'"}]', b"}}", b"]}", b"[[", b"[]", b"{}", b"],[",
    b'["', b'"]', b"1,", b",1", b"1]", b"1}", b"0,", b"-1", b"12", b"true", b"tr", b"ue", b"false", b"nul",
    b"l,", b"null", b'"a"', b'"a', b'a"', b'a":', b'"b":', b'"a":1', b"ab", b'b"', b"bb", b'{"a":',
    b'\xc3\xa9"', b'"\xc3', b"\xa9", b"e1", b".0", b"0e", b', "', b": ", b"\n",
)  # fmt: skip
TEXT_PIECES: tuple[bytes, ...] = (
    b"ab", b"ba", b"abc", b"aa", b"bb", b"cab", b"ca", b"a0", b"0b", b"\xc3\xa9", b"\xa9a", b"b\xc3",
    b"\xe2\x82", b"\x82\xac", b"\xe2\x82\xac\xc3", b"\xac",
)  # fmt: skip


@st.composite
def vocabularies(
    draw: st.DrawFn, alphabet: bytes, pieces: Sequence[bytes] = TEXT_PIECES, *, whole: bool | None = None
) -> sg.Vocabulary:
    """A shuffled vocabulary: bytes, pieces, copies, ids without text, end tokens, perhaps a wider row.

    ``whole``: True, every byte there is is a token; False, some byte of ``alphabet`` may be missing;
    None, either.  Where every byte is a token the engine decides liveness on bytes, else on tokens.
    """
    if whole is None:
        whole = draw(st.booleans())
    singles = [bytes([byte]) for byte in (range(256) if whole else alphabet)]
    if not whole:
        lacking = draw(st.sets(st.sampled_from(sorted(set(alphabet))), max_size=3))
        singles = [token for token in singles if token[0] not in lacking]
    chosen = draw(st.lists(st.sampled_from(list(pieces)), max_size=14))
    copies = draw(st.lists(st.sampled_from(chosen), max_size=3)) if chosen else []
    tokens: list[bytes | None] = [*singles, *chosen, *copies, *([None] * draw(st.integers(0, 3)))]
    tokens = draw(st.permutations(tokens)) if len(tokens) < 80 else tokens
    ends = draw(st.integers(1, 3))
    eos = []
    for _ in range(ends):
        at = draw(st.integers(0, len(tokens)))
        tokens = [*tokens[:at], None, *tokens[at:]]
        eos = [end + (end >= at) for end in eos] + [at]
    extra = draw(st.sampled_from([0, 0, 1, 31, 40]))
    return sg.Vocabulary.from_tokens(tokens, eos=eos, width=len(tokens) + extra)


# --- Finite languages ------------------------------------------------------------------------------


class FiniteConstraint(ReferenceConstraint):
    """The reference over a finite list of strings: every distance from one sweep, longest prefixes first."""

    def __init__(self, texts: Iterable[bytes], vocabulary: sg.Vocabulary) -> None:
        members = set(texts)
        super().__init__(Language.of(members), vocabulary)
        known: dict[bytes, tuple[int, ...] | None] = self._completions
        prefixes = {text[:cut] for text in members for cut in range(len(text) + 1)}
        longest = max(map(len, self._texts), default=0)
        for prefix in sorted(prefixes, key=len, reverse=True):
            best: tuple[int, ...] | None = () if prefix in members else None
            if best is None:
                for piece, token in self._texts.items():
                    rest = known.get(prefix + piece) if len(piece) <= longest else None
                    if rest is not None and (best is None or len(rest) + 1 < len(best)):
                        best = (token, *rest)
            known[prefix] = best

    def completion(self, prefix: bytes) -> tuple[int, ...] | None:
        return self._completions.get(prefix)


def choices() -> st.SearchStrategy[list[str]]:
    """A few texts, some of them prefixes of others, some empty, some outside ASCII."""
    return st.lists(st.text("abcé€", max_size=6), min_size=1, max_size=8)


# --- Regular expressions ---------------------------------------------------------------------------


def regexes() -> st.SearchStrategy[str]:
    """Patterns over a, b, c and é, read alike by every dialect; few enough states for an oracle."""
    atoms = st.sampled_from(["a", "b", "c", "ab", "é", "[ab]", "[b-c]", "[aé]"])

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        bounds = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda b: f"{{{b[0]},{b[0] + b[1]}}}")
        return st.one_of(
            st.tuples(inner, inner).map("".join),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
            st.tuples(inner, st.one_of(st.sampled_from("*+?"), bounds)).map(lambda p: f"(?:{p[0]}){p[1]}"),
        )

    return st.recursive(atoms, grow, max_leaves=7)


@lru_cache(maxsize=500)
def regex_language(pattern: str) -> Language:
    """The exact language of a pattern of :func:`regexes`, prefixes that end inside a character included."""
    fsm = interegular.parse_pattern(pattern).to_fsm()
    known = [symbol for symbol in fsm.alphabet if isinstance(symbol, str)]

    def state_after(text: str) -> Any:
        state = fsm.initial
        for character in text:
            if character not in fsm.alphabet:
                return None
            state = fsm.map.get(state, {}).get(fsm.alphabet[character])
            if state is None:
                return None
        return state

    @lru_cache(maxsize=100_000)
    def is_prefix(data: bytes) -> bool:
        text, part = _split_utf8(data)
        state = state_after(text)
        if state is None:
            return False
        if not part:
            return bool(fsm.islive(state))
        openings = [
            symbol for symbol in known if symbol.encode().startswith(part) and symbol.encode() != part
        ]
        followers = [fsm.map.get(state, {}).get(fsm.alphabet[symbol]) for symbol in openings]
        return any(follower is not None and fsm.islive(follower) for follower in followers)

    def contains(data: bytes) -> bool:
        text, part = _split_utf8(data)
        return not part and state_after(text) in fsm.finals

    return Language(is_prefix, contains)


def _split_utf8(data: bytes) -> tuple[str, bytes]:
    """The longest text ``data`` begins with, and the bytes after it."""
    try:
        return data.decode(), b""
    except UnicodeDecodeError as broken:
        return data[: broken.start].decode(), data[broken.start :]


# --- Bounded schemas -------------------------------------------------------------------------------

_SCALARS: list[Any] = [None, True, False, "", "a", "ab", "bé"]
_NAMES = ("a", "b", "ab")

# name -> (the schema of the universe, what its members hold). Integers are written plainly ("type": "integer"
# under numbers="float64"), so that a value has one text, apart from 0, which may also be written -0.
UNIVERSES: dict[str, dict[str, Any]] = {
    "scalars": {"anyOf": [{"enum": _SCALARS}, {"type": "integer", "minimum": -2, "maximum": 12}]},
    "arrays": {
        "type": "array",
        "maxItems": 3,
        "items": {"anyOf": [{"enum": [None, True, "a"]}, {"type": "integer", "minimum": 0, "maximum": 1}]},
    },
    "objects": {
        "type": "object",
        "properties": {
            name: {"anyOf": [{"enum": [True, "b"]}, {"type": "integer", "minimum": 0, "maximum": 1}]}
            for name in _NAMES
        },
        "additionalProperties": False,
    },
    "nested": {
        "type": "object",
        "properties": {
            "a": {"type": "array", "maxItems": 2, "items": {"enum": [None, "a"]}},
            "b": {
                "type": "object",
                "properties": {"a": {"enum": [False, "ab"]}},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
}


def _integers(low: int, high: int) -> list[int]:
    return list(range(low, high + 1))


@cache
def _values(universe: str) -> tuple[Any, ...]:
    if universe == "scalars":
        return (*_SCALARS, *_integers(-2, 12))
    if universe == "arrays":
        items = [None, True, "a", 0, 1]
        return tuple(list(row) for size in range(4) for row in itertools.product(items, repeat=size))
    if universe == "objects":
        return tuple(_objects({name: [True, "b", 0, 1] for name in _NAMES}))
    rows = [list(row) for size in range(3) for row in itertools.product([None, "a"], repeat=size)]
    return tuple(_objects({"a": rows, "b": list(_objects({"a": [False, "ab"]}))}))


def _objects(members: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Every object with some of these members, in every order."""
    for count in range(len(members) + 1):
        for names in itertools.permutations(members, count):
            for parts in itertools.product(*(members[name] for name in names)):
                yield dict(zip(names, parts, strict=True))


def texts_of(value: Any) -> list[str]:
    """Every compact text of a value of a universe, escapes and numbers at their minimum."""
    if isinstance(value, list):
        return [f"[{','.join(row)}]" for row in itertools.product(*map(texts_of, value))]
    if isinstance(value, dict):
        keys = [json.dumps(key, ensure_ascii=False) for key in value]
        rows = itertools.product(*map(texts_of, value.values()))
        return ["{" + ",".join(f"{k}:{v}" for k, v in zip(keys, row, strict=True)) + "}" for row in rows]
    if value == 0 and value is not False:
        return ["0", "-0"]
    return [json.dumps(value, ensure_ascii=False)]


def keeps_order(value: Any, order: Sequence[str]) -> bool:
    """Whether every object in ``value`` names declared keys in the order of their declaration."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        ranks = [order.index(key) for key in value if key in order]
        if ranks != sorted(ranks):
            return False
    return all(keeps_order(part, order) for part in parts)


def bounded_texts(universe: str, schema: Any) -> list[bytes]:
    """The compact texts of the universe's values that satisfy ``schema``, judged by `jsonschema`."""
    validator = jsonschema.Draft202012Validator(schema)
    chosen = [value for value in _values(universe) if validator.is_valid(value)]
    return [text.encode() for value in chosen for text in texts_of(value)]


def bounded(universe: str, schema: Any) -> Any:
    """The schema whose texts :func:`bounded_texts` lists: the universe and ``schema`` together."""
    return {"allOf": [UNIVERSES[universe], schema]}


# --- Schemas at large ------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([0.5, 2.0, -1.25, 1e3])
    | st.text("abé", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "ab", "c"]), inner, max_size=4)
    ),
    max_leaves=8,
)
_TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
_PATTERNS = ["^a", "b$", "a.b", "^(ab)*$", "[^a]", "^.{2}$", "é"]
_GROUPS = {
    "any": "type enum const".split(),
    "scalars": (
        "minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"
    ).split(),
    "arrays": "items prefixItems contains minContains maxContains minItems maxItems".split(),
    "objects": (
        "properties patternProperties additionalProperties propertyNames required minProperties "
        "maxProperties dependentRequired dependentSchemas"
    ).split(),
    "combined": "allOf anyOf oneOf not if then else".split(),
}
# What recursion ends in: mostly schemas that some values satisfy and some do not.
_LEAVES: list[Any] = [
    True, False, {"type": "integer"}, {"type": "string"}, {"type": ["boolean", "null"]}, {"const": "a"},
    {"const": 1}, {"enum": [0, True, "b"]}, {"minimum": 1}, {"maxLength": 1}, {"required": ["a"]},
    {"minItems": 1}, {"multipleOf": 2}, {"pattern": "b"}, {"not": {"type": "string"}}, {"maxProperties": 1},
    {"properties": {"a": {"type": "string"}}},
]  # fmt: skip


def _keywords(
    inner: st.SearchStrategy[Any], values: st.SearchStrategy[Any]
) -> dict[str, st.SearchStrategy[Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    key = st.sampled_from(["a", "b", "ab"])
    named = st.dictionaries(key, inner, min_size=1, max_size=3)
    names = st.lists(key, max_size=2, unique=True)
    count = st.integers(0, 3)
    number = st.integers(-3, 12)
    return {
        "type": st.sampled_from(_TYPES)
        | st.lists(st.sampled_from(_TYPES), min_size=1, max_size=3, unique=True),
        "enum": st.lists(values, min_size=1, max_size=4),
        "const": values,
        "minLength": count,
        "maxLength": count,
        "pattern": st.sampled_from(_PATTERNS),
        "minimum": number,
        "maximum": number,
        "exclusiveMinimum": number,
        "exclusiveMaximum": number,
        "multipleOf": st.sampled_from([1, 2, 3, 0.5]),  # dyadic: what the validator computes is exact
        "items": inner,
        "prefixItems": some,
        "contains": inner,
        "minContains": count,
        "maxContains": count,
        "minItems": count,
        "maxItems": count,
        "properties": named,
        "patternProperties": st.dictionaries(
            st.sampled_from(["^a", "b$", "[bc]"]), inner, min_size=1, max_size=2
        ),
        "additionalProperties": inner,
        "propertyNames": st.fixed_dictionaries(
            {},
            optional={
                "maxLength": count,
                "pattern": st.sampled_from(_PATTERNS),
                "enum": st.lists(key, min_size=1, max_size=2),
            },
        ),
        "required": names,
        "minProperties": count,
        "maxProperties": count,
        "dependentRequired": st.dictionaries(key, names, min_size=1, max_size=2),
        "dependentSchemas": named,
        "allOf": some,
        "anyOf": some,
        "oneOf": some,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
    }


@st.composite
def _one_schema(draw: st.DrawFn, inner: st.SearchStrategy[Any], values: Any, about: Sequence[str]) -> Any:
    table = _keywords(inner, values)
    names = draw(
        st.lists(st.sampled_from([*about, *_GROUPS["combined"]]), min_size=1, max_size=4, unique=True)
    )
    if "then" in names or "else" in names:
        names = [*names, "if"]  # without it they say nothing
    return {name: draw(table[name]) for name in dict.fromkeys(names)}


def schemas(max_leaves: int = 8, *, universe: str | None = None) -> st.SearchStrategy[Any]:
    """Schemas of the foundation keywords, without references.

    For a ``universe``, keywords about its kind of value are the likely ones and constants are its members.
    """
    values = VALUES if universe is None else VALUES | st.sampled_from(_values(universe))
    everything = [name for group, names in _GROUPS.items() if group != "combined" for name in names]
    kind = "objects" if universe == "nested" else universe
    about = everything if kind is None else _GROUPS[kind] * 3 + everything
    leaves = st.sampled_from(_LEAVES).map(copy.deepcopy)
    grown = st.recursive(leaves, lambda inner: _one_schema(inner, values, about), max_leaves=max_leaves)
    return _one_schema(grown, values, about)


@st.composite
def schemas_with_references(draw: st.DrawFn, max_leaves: int = 6) -> Any:
    """Schemas with ``$defs`` and ``$ref``; each reference stands below a member or an item."""
    targets = ["#/$defs/one", "#/$defs/two", "#"]
    plain = st.booleans() | st.sampled_from([{"type": "integer"}, {"const": "a"}, {"type": "string"}])
    reference = st.sampled_from(targets).map(lambda target: {"$ref": target})

    def shape(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        part = inner | reference
        return st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(
                    ["object", "array", ["object", "array", "null"], ["array", "string"]]
                ),
                "properties": st.dictionaries(st.sampled_from(["a", "b"]), part, min_size=1, max_size=2),
                "additionalProperties": part,
                "required": st.lists(st.sampled_from(["a", "b"]), max_size=1),
                "items": part,
                "minItems": st.integers(0, 1),
                "anyOf": st.lists(inner, min_size=1, max_size=2),
                "oneOf": st.lists(inner, min_size=1, max_size=2),
                "not": inner,
            },
        )

    body = st.recursive(plain, shape, max_leaves=max_leaves)
    root = draw(shape(body))
    return {**root, "$defs": {"one": draw(body), "two": draw(body)}}
