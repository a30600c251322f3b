"""The generated training data: reproducible, consistent with its own schemas, and split for good.

The generator lives in ``scripts/pocket_data``; these tests import it from there and need no model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import pytest
from jsonschema import Draft202012Validator

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
if not SCRIPTS.is_dir():
    pytest.skip("scripts/ is not part of an installed package", allow_module_level=True)
sys.path.insert(0, str(SCRIPTS))

from pocket_data import words  # noqa: E402
from pocket_data.answers import COMPACT, HOUSE, INDENTED, json_pieces, text_of  # noqa: E402
from pocket_data.corpus import example  # noqa: E402
from pocket_data.handwritten import HANDWRITTEN  # noqa: E402

EXAMPLES = [example(5, index, early=1) for index in range(1500)]


def test_an_example_depends_on_seed_and_index_alone() -> None:
    again = [example(5, index, early=1) for index in (1499, 3, 700)]
    assert [(e.prompt, e.answer) for e in again] == [
        (EXAMPLES[i].prompt, EXAMPLES[i].answer) for i in (1499, 3, 700)
    ]
    assert example(6, 3, early=1).prompt != EXAMPLES[3].prompt


def test_every_family_occurs() -> None:
    families = {e.family for e in EXAMPLES}
    assert families == {
        "flat", "optional", "open", "nested", "records", "lists", "function call", "yes/no", "choice",
        "short answer", "continuation", "copy",
    }  # fmt: skip


def test_json_answers_are_json_and_satisfy_their_schema() -> None:
    checked = 0
    for made in EXAMPLES:
        if made.value is None:
            continue
        assert json.loads(made.answer) == made.value
        if made.schema is not None:
            Draft202012Validator.check_schema(made.schema)
            Draft202012Validator(made.schema).validate(made.value)
            checked += 1
    assert checked > 800


def test_house_style_is_that_of_json_dumps() -> None:
    value = {
        "name": "Zoë",
        "tags": ["a", "b"],
        "inner": {"n": 1.5, "ok": True, "none": None},
        "rows": [{"x": 1}],
        "empty": [],
    }
    assert text_of(json_pieces(value, HOUSE)) == json.dumps(value, ensure_ascii=False)
    assert text_of(json_pieces(value, COMPACT)) == json.dumps(
        value, ensure_ascii=False, separators=(",", ":")
    )
    assert text_of(json_pieces({"a": {"b": 1}, "c": [{"d": 2}]}, INDENTED)) == json.dumps(
        {"a": {"b": 1}, "c": [{"d": 2}]}, indent=2
    )


def test_fields_of_flat_records_are_found_in_the_text() -> None:
    """Whatever must be copied stands in the prompt; only dates may be written differently there."""
    for made in EXAMPLES:
        if made.family != "flat":
            continue
        for key, value in made.value.items():
            if isinstance(value, str) and "date" not in str(made.schema["properties"][key].get("format", "")):
                spoken = value.replace("_", " ")
                dated = len(value) == 10 and value[4:5] == "-" and value[:4] in made.prompt
                assert value in made.prompt or spoken in made.prompt or dated, (made.prompt, key, value)


def test_made_up_words_never_cross_the_split() -> None:
    rng = Random(1)
    seen = {words.made_up(rng) for _ in range(5000)}
    unseen = {words.made_up(rng, unseen=True) for _ in range(1000)}
    assert not seen & unseen
    assert all(words.is_unseen(word) for word in unseen)


@pytest.mark.parametrize(
    ("seen", "unseen"),
    [
        (words.FIRST_NAMES, words.UNSEEN_FIRST_NAMES),
        (words.SURNAMES, words.UNSEEN_SURNAMES),
        (words.CITIES, words.UNSEEN_CITIES),
    ],
    ids=["first names", "surnames", "cities"],
)
def test_real_names_are_split(seen: tuple[str, ...], unseen: tuple[str, ...]) -> None:
    assert not set(seen) & set(unseen)
    text = "\n".join(e.prompt for e in EXAMPLES)
    leaked = [name for name in unseen if len(name) > 5 and name in text]
    assert leaked == []


def test_the_handwritten_set_is_consistent() -> None:
    for text, _, properties, value in HANDWRITTEN:
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        Draft202012Validator(schema).validate(value)
        assert list(properties) == list(value), text


def test_words_built_from_pieces_stay_on_the_training_side() -> None:
    words.also_build_from(["Inn", "opper", "ius", "7", "x"])
    try:
        made = {words.made_up(Random(seed)) for seed in range(300)}
        unseen = {words.made_up(Random(seed), unseen=True) for seed in range(100)}
    finally:
        words.also_build_from([])
    assert made & {"opper", "inninn", "opperinn", "iusinn", "iusopper"}
    assert not any(words.is_unseen(word) for word in made)
    assert all(words.is_unseen(word) for word in unseen)
