"""The token mask against its definition, on random grammars and random small vocabularies.

Legend: an *exact* test knows the whole language (`strategies.py`) and asks, at every prefix it visits, for
every token: is its bit set exactly when some member of the language extends the prefix by it?  A *live* test
takes languages nobody can list: whatever is accepted can be completed, and every member is accepted.
Vocabularies have copies of tokens, ids without text, several end tokens and rows wider than the vocabulary;
some lack bytes, so that only tokens decide what can still be completed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from laws.strategies import (
    JSON_PIECES,
    UNIVERSES,
    VALUES,
    FiniteConstraint,
    bounded,
    bounded_texts,
    choices,
    keeps_order,
    regex_language,
    regexes,
    schemas,
    schemas_with_references,
    vocabularies,
)

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, UnsatisfiableSchema, VocabularyError
from structgen.testing.laws import (
    assert_distance_achieved,
    assert_mask_agrees_with_advance,
    assert_mask_is_exact,
    assert_mask_is_live,
)
from structgen.testing.reference import ReferenceConstraint

JSON_BYTES = b'{}[]":,-0123456789abelnrstuf\xc3\xa9'
SEEDS = st.integers(0, 2**32 - 1)


def share(parts: int) -> settings:
    """The chosen profile with a ``parts``-th of its examples, for tests whose examples are long."""
    noise = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=max(5, settings().max_examples // parts), suppress_health_check=noise)


def compiled(grammar: Any, vocabulary: sg.Vocabulary, reference: ReferenceConstraint) -> sg.Constraint | None:
    """The constraint; None where the reference agrees that nothing can be spelled."""
    try:
        constraint = sg.compile(grammar, vocabulary)
    except (UnsatisfiableSchema, VocabularyError):
        assert reference.completion(b"") is None, "refused, although an output exists"
        return None
    assert reference.completion(b"") is not None, "compiled, although no output can be spelled"
    return constraint


def check_everywhere(
    constraint: sg.Constraint, reference: ReferenceConstraint, seed: int, limit: int = 80
) -> None:
    """Compare the masks at up to ``limit`` different prefixes, each reached token by token."""
    rng = random.Random(seed)
    frontier = [(constraint.matcher(), reference.matcher())]
    seen = {b""}
    while frontier and limit:
        limit -= 1
        matcher, expected = frontier.pop(rng.randrange(len(frontier)))
        assert_mask_is_exact(matcher, expected)
        assert_mask_is_live(matcher, constraint.vocabulary)
        if constraint.vocabulary.covers_all_bytes:
            assert_distance_achieved(matcher, expected)
        allowed = [t for t in matcher.allowed_tokens() if t not in constraint.vocabulary.eos_ids]
        for token in rng.sample(allowed, min(len(allowed), 6)):
            text = expected.prefix + (constraint.vocabulary.token_bytes(token) or b"")
            if text in seen:
                continue
            seen.add(text)
            one, other = matcher.fork(), expected.fork()
            one.advance(token)
            other.advance(token)
            frontier.append((one, other))


# --- Exact -----------------------------------------------------------------------------------------


@share(1)
@given(choices(), vocabularies("abcé€".encode()), SEEDS)
def test_masks_of_choices_are_exact(options: list[str], vocabulary: sg.Vocabulary, seed: int) -> None:
    reference = FiniteConstraint((text.encode() for text in options), vocabulary)
    constraint = compiled(sg.choice(options), vocabulary, reference)
    if constraint is not None:
        check_everywhere(constraint, reference, seed)


@share(1)
@given(regexes(), vocabularies("abcé".encode()), SEEDS)
def test_masks_of_regular_expressions_are_exact(pattern: str, vocabulary: sg.Vocabulary, seed: int) -> None:
    reference = ReferenceConstraint(regex_language(pattern), vocabulary, limit=3000)
    try:
        constraint = compiled(sg.regex(pattern), vocabulary, reference)
        if constraint is not None:
            check_everywhere(constraint, reference, seed, limit=25)
    except ComplexityLimitExceeded as error:
        if error.limit != "reference_search":
            raise
        assume(False)  # tokens that never lead to an end: too much for the oracle


BOUNDED = st.sampled_from(sorted(UNIVERSES)).flatmap(
    lambda name: st.tuples(st.just(name), schemas(max_leaves=6, universe=name))
)


def bounded_grammar(universe: str, schema: Any, order: str) -> tuple[sg.Grammar, list[bytes]]:
    """The grammar of a bounded schema, and every text of it."""
    texts = bounded_texts(universe, schema)
    if order == "schema":
        # Declared keys in the order of their first declaration: that of the universe, which comes first.
        texts = [text for text in texts if keeps_order(json.loads(text), ("a", "b", "ab"))]
    return sg.json_schema(bounded(universe, schema), property_order=order, whitespace="compact"), texts


@share(1)
@given(BOUNDED, vocabularies(JSON_BYTES, JSON_PIECES), st.sampled_from(["any", "schema"]), SEEDS)
def test_mask_is_exact(case: tuple[str, Any], vocabulary: sg.Vocabulary, order: str, seed: int) -> None:
    grammar, texts = bounded_grammar(*case, order)
    reference = FiniteConstraint(texts, vocabulary)
    constraint = compiled(grammar, vocabulary, reference)
    if constraint is not None:
        check_everywhere(constraint, reference, seed, limit=40)


# --- Live ------------------------------------------------------------------------------------------

BYTES = sg.Vocabulary.from_tokens(
    [*(bytes([byte]) for byte in range(256)), *JSON_PIECES, None], eos=256 + len(JSON_PIECES)
)
LAYOUTS = st.fixed_dictionaries(
    {
        "property_order": st.sampled_from(["schema", "any"]),
        "whitespace": st.sampled_from(["compact", "bounded", "any"]),
        "numbers": st.sampled_from(["float64", "any"]),
        "escapes": st.sampled_from(["minimal", "any"]),
    }
)


@share(1)
@given(schemas(max_leaves=10) | schemas_with_references(), LAYOUTS, SEEDS)
def test_every_allowed_token_can_be_completed(schema: Any, layout: dict[str, str], seed: int) -> None:
    rng = random.Random(seed)
    try:
        constraint = sg.compile(sg.json_schema(schema, **layout), BYTES)
    except UnsatisfiableSchema:
        return
    matcher = constraint.matcher()
    for _ in range(25):
        assert_mask_is_live(matcher, BYTES)
        allowed = matcher.allowed_tokens()
        for token in rng.sample(allowed, min(3, len(allowed))):
            probe = matcher.fork()
            probe.advance(token)
            assert_distance_achieved(probe)
        refused = sorted(set(range(BYTES.size)) - set(allowed))
        for token in rng.sample(refused, min(3, len(refused))):
            assert matcher.try_advance([token]) == 0
        token = rng.choice(allowed)
        matcher.advance(token)
        if matcher.is_terminated:
            return


def text_of(value: Any, rng: random.Random, gaps: list[str]) -> str:
    """A random text of ``value``: members in any order, blanks between tokens drawn from ``gaps``."""
    if isinstance(value, list) and value:
        parts = [text_of(part, rng, gaps) for part in value]
        return "[" + ",".join(rng.choice(gaps) + part + rng.choice(gaps) for part in parts) + "]"
    if isinstance(value, dict) and value:
        rows = []
        for key, part in rng.sample(list(value.items()), len(value)):
            row = [json.dumps(key, ensure_ascii=False), ":", text_of(part, rng, gaps)]
            rows.append("".join(rng.choice(gaps) + piece for piece in row) + rng.choice(gaps))
        return "{" + ",".join(rows) + "}"
    return json.dumps(value, ensure_ascii=False)


GAPS = {"compact": [""], "bounded": ["", " ", "\n", "\n  "], "any": ["", " ", "\t", "\r\n", "   ", "\n\n "]}


@share(1)
@given(schemas(max_leaves=8), st.lists(VALUES, min_size=1, max_size=6), st.sampled_from(sorted(GAPS)), SEEDS)
def test_every_valid_instance_is_accepted(schema: Any, values: list[Any], whitespace: str, seed: int) -> None:
    rng = random.Random(seed)
    validator = jsonschema.Draft202012Validator(schema)
    valid = [value for value in values if validator.is_valid(value)]
    grammar = sg.json_schema(
        schema, property_order="any", whitespace=whitespace, numbers="any", escapes="any"
    )
    try:
        constraint = sg.compile(grammar, BYTES)
    except UnsatisfiableSchema:
        assert not valid
        return
    for value in values:
        data = text_of(value, rng, GAPS[whitespace]).encode()
        matcher = constraint.matcher()
        while data:
            # Any cut into tokens will do: at each place a random one of those that fit.
            token = rng.choice(
                [t for cut in range(1, 6) for t in BYTES.ids_of(data[:cut]) if len(data) >= cut]
            )
            bit = token in matcher.allowed_tokens()
            assert bit == (matcher.try_advance([token]) == 1)
            if not bit:
                break
            data = data[len(BYTES.token_bytes(token) or b"") :]
        assert (not data and matcher.can_stop) == validator.is_valid(value), (value, data)


# --- Real vocabularies -----------------------------------------------------------------------------


def byte_level_vocabulary() -> sg.Vocabulary:
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers trains a byte-level vocabulary")
    corpus = [
        '{"a": "ab", "b": true, "ab": [null, 0, 1, "a"], "name": "Ada", "tags": ["x", "y"], "n": -12.5e3}',
        '{"a":[1,2],"b":{"a":false},"ab":"bé"} abcabc caé',
    ] * 40
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=700,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|end|>", "<|pad|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return sg.Vocabulary.from_tokenizer(tokenizer, eos=0, width=720)


def bundled(name: str) -> sg.Vocabulary:
    package = pytest.importorskip("mistral_common", reason="mistral-common brings real tokenizers")
    for library in ("sentencepiece", "tiktoken"):
        pytest.importorskip(library, reason=f"{library} reads the tokenizers of mistral-common")
    return sg.Vocabulary.from_tokenizer(Path(package.__file__).parent / "data" / name)


FAMILIES: dict[str, Callable[[], sg.Vocabulary]] = {
    "byte-level": byte_level_vocabulary,
    "SentencePiece": lambda: bundled("tokenizer.model.v1"),
    "tekken": lambda: bundled("tekken_240911.json"),
}


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> sg.Vocabulary:
    return FAMILIES[request.param]()


def bits_after(prefix: bytes, texts: list[bytes], vocabulary: sg.Vocabulary) -> set[int]:
    """The mask by definition, for a vocabulary that has every byte: tokens that go on along some text."""
    pieces = {
        text[len(prefix) : cut]
        for text in texts
        if text.startswith(prefix)
        for cut in range(len(prefix) + 1, len(text) + 1)
    }
    allowed = {token for piece in pieces for token in vocabulary.ids_of(piece)}
    return allowed | (set(vocabulary.eos_ids) if prefix in texts else set())


@share(4)
@given(case=BOUNDED, order=st.sampled_from(["any", "schema"]), seed=SEEDS)
def test_masks_over_real_vocabularies_are_exact(
    family: sg.Vocabulary, case: tuple[str, Any], order: str, seed: int
) -> None:
    grammar, texts = bounded_grammar(*case, order)
    rng = random.Random(seed)
    if not texts:
        with pytest.raises(UnsatisfiableSchema):
            sg.compile(grammar, family)
        return
    constraint = sg.compile(grammar, family)
    for text in rng.sample(texts, min(len(texts), 3)):
        matcher, prefix = constraint.matcher(), b""
        while not matcher.is_terminated:
            assert set(matcher.allowed_tokens()) == bits_after(prefix, texts, family)
            assert_distance_achieved(matcher)
            if prefix == text:
                matcher.advance(family.eos_ids[0])
                continue
            token = rng.choice(
                [
                    t
                    for cut in range(len(prefix) + 1, len(text) + 1)
                    for t in family.ids_of(text[len(prefix) : cut])
                ]
            )
            matcher.advance(token)
            prefix += family.token_bytes(token) or b""


UNBOUNDED: dict[str, Any] = {
    "any value": True,
    "strings": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 9}},
    "overlapping names": {
        "properties": {"name": {"type": "integer"}, "names": {"items": {"minLength": 2, "type": "string"}}},
        "patternProperties": {"^na": {"not": {"const": 3}}, "s$": {"type": "array", "minItems": 1}},
        "required": ["names"],
    },
    "recursive": {
        "type": "array",
        "items": {"anyOf": [{"$ref": "#"}, {"type": "number", "multipleOf": 0.25}]},
    },
    "one of": {
        "oneOf": [{"required": ["kind"]}, {"required": ["type"]}],
        "type": "object",
        "maxProperties": 3,
    },
    "dates": {"type": "string", "pattern": "^[0-9]{4}-[01][0-9]( [^ ]+)?$"},
    # Both ends are nearer than the longest token and farther than most.
    "letters up to a bound": {"type": "string", "maxLength": 40, "pattern": "^[A-Za-z ]*$"},
    "words up to a count": {"type": "string", "pattern": "^(?:\\S+\\s+){0,24}\\S+$"},
    "long items that differ": {
        "type": "array",
        "uniqueItems": True,
        "items": {"enum": ["ab", "abc", "b", 1]},
    },
}


@pytest.mark.parametrize("whitespace", ["compact", "bounded", "any"])
@pytest.mark.parametrize("name", sorted(UNBOUNDED))
def test_masks_over_real_vocabularies_agree_with_advance(
    family: sg.Vocabulary, name: str, whitespace: str
) -> None:
    rng = random.Random(f"{name} {whitespace}")
    layout = {
        "whitespace": whitespace,
        "property_order": "any",
        "escapes": "any" if whitespace == "any" else "minimal",
    }
    constraint = sg.compile(sg.json_schema(UNBOUNDED[name], **layout), family)
    matcher = constraint.matcher()
    for _ in range(30):
        allowed = matcher.allowed_tokens()
        sampled = rng.sample(allowed, min(len(allowed), 120)) + rng.sample(range(family.width), 400)
        assert_mask_agrees_with_advance(matcher, sampled)
        assert_mask_is_live(matcher, family)
        assert_distance_achieved(matcher)
        # Long tokens reach far: prefer one of the longest among a few.
        token = max(
            rng.sample(allowed, min(len(allowed), 3)), key=lambda t: len(family.token_bytes(t) or b"")
        )
        matcher.advance(token)
        if matcher.is_terminated:
            matcher.reset()
