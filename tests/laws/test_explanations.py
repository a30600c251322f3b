"""Laws of what users see of a schema: examples, verdicts and conflicts, judged by `jsonschema`."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st
from laws.strategies import UNIVERSES, VALUES, bounded, schemas, schemas_with_references

import structgen as sg
from structgen import _native, errors
from structgen.grammars.json_schema.conflict import STEPS
from structgen.grammars.json_schema.relax import Relaxation

SCHEMAS = schemas() | schemas_with_references()


@given(SCHEMAS, st.integers(0, 1000), st.lists(VALUES, max_size=5))
def test_examples_are_valid(schema: Any, seed: int, values: list[Any]) -> None:
    """An example satisfies the schema; where there is none, nothing else satisfies it either."""
    validator = jsonschema.Draft202012Validator(schema)
    try:
        value = sg.example(schema, seed=seed)
    except errors.UnsatisfiableSchema:
        assert not any(validator.is_valid(value) for value in values)
        return
    except errors.GrammarError:
        return
    validator.validate(value)


@given(st.data())
def test_examples_of_bounded_schemas_are_valid(data: st.DataObject) -> None:
    """As above where a schema meets a small universe, so that few values are left to choose from."""
    universe = data.draw(st.sampled_from(sorted(UNIVERSES)))
    schema = bounded(universe, data.draw(schemas(4, universe=universe)))
    try:
        texts = {sg.example(schema, seed=seed, as_text=True) for seed in range(3)}
    except errors.GrammarError:
        return
    validator = jsonschema.Draft202012Validator(schema)
    for text in texts:
        validator.validate(json.loads(text))
        assert sg.validate(schema, text)


@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=4), st.booleans())
def test_verdicts_agree_with_jsonschema(schema: Any, values: list[Any], spaced: bool) -> None:
    """A text is valid exactly when `jsonschema` says so of its value; if not, a place is named."""
    validator = jsonschema.Draft202012Validator(schema)
    for value in values:
        text = json.dumps(value, indent=1 if spaced else None, ensure_ascii=spaced)
        try:
            result = sg.validate(schema, text)
        except errors.ComplexityLimitExceeded:
            return
        assert result.valid == validator.is_valid(value)
        assert (result.problem is None) == result.valid
        if result.valid:
            assert result.value == value
        else:
            assert result.problem is not None
            assert 0 <= result.problem.offset <= len(text)
            assert result.problem.keywords or result.problem.reason or not result.problem.completion
            # The part before the place is the beginning of something valid.
            if result.problem.completion:
                assert sg.validate(schema, text[: result.problem.offset] + result.problem.completion)


@given(SCHEMAS, st.text('{}[]":,0123456789.eE-+ abtrufalsn\\é\n', max_size=12))
def test_no_text_makes_validate_raise(schema: Any, text: str) -> None:
    """Whatever the text is, there is a verdict; what is no JSON is invalid."""
    try:
        result = sg.validate(schema, text)
    except errors.ComplexityLimitExceeded:
        return
    try:
        value = json.loads(text)
    except ValueError:
        assert not result
        return
    assert result.valid == jsonschema.Draft202012Validator(schema).is_valid(value) or _repeats(text)


def _repeats(text: str) -> bool:
    """Whether some object in a JSON text names a key twice."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return found


@given(schemas(6))
def test_a_conflict_is_one_and_none_of_it_can_be_spared(schema: Any) -> None:
    """The keywords a conflict names leave no value; any keyword more switched off leaves one."""
    whole = {"allOf": [schema, {"type": "object", "required": ["zz"]}, {"properties": {"zz": {"const": 7}}}]}
    try:
        sg.example(whole)
        conflict: tuple[str, ...] = ()
    except errors.UnsatisfiableSchema as error:
        conflict = error.conflict
    except errors.GrammarError:
        conflict = ()
    if not conflict:
        return
    store = _native.Store()
    relaxation = Relaxation(sg.json_schema(whole), store)
    if not set(conflict) <= {site.pointer for site in relaxation.sites}:
        relaxation.weaken()
    # What leads to these keywords counts too.
    leads = {
        site.pointer
        for site in relaxation.sites
        if any(pointer.startswith(site.pointer + "/") for pointer in conflict)
    }
    assert not store.has_value(relaxation.formula({*conflict, *leads}), False, False, STEPS)
    for spared in conflict:
        kept = {*conflict, *leads} - {spared}
        assert store.has_value(relaxation.formula(kept), False, False, STEPS)
