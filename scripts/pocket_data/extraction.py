"""Extraction tasks: a description, what is wanted of it, and the JSON that says it.

Flat records, nested ones, lists of records, optional and nullable fields, with the
schema, a list of fields or nothing but an instruction in the prompt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pocket_data import values as v
from pocket_data import words as w
from pocket_data.answers import COMPACT, HOUSE, INDENTED, Piece, json_pieces, object_schema
from pocket_data.domains import DOMAINS, Domain, Field
from pocket_data.english import COMMON
from pocket_data.wording import Fact, describe, filler

GROUPS = ("details", "info", "data", "contact", "extra", "about", "record", "properties", "meta")


@dataclass
class Example:
    """One prompt with its answer; `value` and `schema` are set when the answer is JSON."""

    family: str
    prompt: str
    pieces: list[Piece]
    value: Any = None
    schema: dict[str, Any] | None = None
    messages: list[dict[str, str]] = field(default_factory=list)
    keys_shown: bool = False  # whether the prompt says which keys are wanted
    options: tuple[str, ...] = ()  # what a bare-word answer can be

    @property
    def answer(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def _key(d: v.Draw, chosen: Field, noun: str, taken: set[str], style: str) -> str:
    options = [k for k in chosen.keys if k not in taken]
    if not options:
        return ""
    key = options[0] if d.chance(0.45) else d.pick(options)
    longer = f"{noun.replace(' ', '_')}_{key}"
    if d.chance(0.04) and longer not in taken:
        key = longer
    taken.update(chosen.keys)
    taken.add(key)
    if style == "camel":
        head, *tail = key.split("_")
        key = head + "".join(part.capitalize() for part in tail)
    elif style == "title":
        key = key.replace("_", " ").capitalize()
    elif style == "kebab":
        key = key.replace("_", "-")
    return key


def draw_facts(d: v.Draw, domain: Domain, count: int, noun: str = "") -> tuple[Fact, list[Fact]]:
    """The subject and ``count`` other facts, with keys that do not collide."""
    taken: set[str] = set()
    style = d.pick(("snake",) * 12 + ("camel",) * 3 + ("title", "kebab"))
    noun = noun or domain.nouns[0]
    subject = Fact(domain.subject, domain.subject.maker.draw(d), _key(d, domain.subject, noun, taken, style))
    facts = []
    for chosen in d.rng.sample(domain.fields, min(count, len(domain.fields))):
        key = _key(d, chosen, noun, taken, style)
        if key:
            facts.append(Fact(chosen, chosen.maker.draw(d), key))
    return subject, facts


def field_schema(d: v.Draw, fact: Fact, decorate: bool) -> dict[str, Any]:
    """The subschema of a field, sometimes with a bound or a description that holds."""
    schema = dict(fact.field.maker.schema)
    if decorate and d.chance(0.15):
        schema["description"] = f"{d.pick(('the', 'The'))} {fact.field.keys[0].replace('_', ' ')}"
    if decorate and d.chance(0.2) and schema["type"] in ("integer", "number") and fact.value.json >= 0:
        schema["minimum"] = 0
    if schema.get("format") and d.chance(0.5):
        del schema["format"]
    return schema


def _style(d: v.Draw) -> tuple[str, str]:
    roll = d.rng.random()
    if roll < 0.92:
        return HOUSE, ""
    return (COMPACT, "compact ") if roll < 0.96 else (INDENTED, "indented ")


def _ending(d: v.Draw) -> str:
    return str(d.pick(("\n",) * 8 + (" ", "")))


def instruction(d: v.Draw, text: str, noun: str, want: str, how: str, shown: dict[str, Any] | None) -> str:
    """The prompt around a text: the house template, a field list, or a sentence people would write."""
    if shown is not None:
        body = (
            json.dumps(shown, ensure_ascii=False)
            if d.chance(0.8)
            else json.dumps(shown, separators=(",", ":"))
        )
        house = f"Text: {text}\nSchema: {body}\n{how.capitalize()}JSON:"
        return d.pick(
            (
                house,
                house,
                house,
                f"Schema: {body}\nText: {text}\n{how.capitalize()}JSON:",
                f"Answer with {how}JSON that matches this schema: {body}\n\n{text}",
                f"{text}\n\nReturn {how}JSON with this schema:\n{body}",
            )
        )
    if want:
        return d.pick(
            (
                f"Text: {text}\nFields: {want}\n{how.capitalize()}JSON:",
                f"Extract {want} as {how}JSON: {text}",
                f"Extract {want}.\n\n{text}",
                f"{text}\n\nExtract {want} as {how}JSON.",
                f"Give me the {want} of this {noun} in {how}JSON.\n{text}",
                f"Find {want} in the text.\nText: {text}\n{how.capitalize()}JSON:",
            )
        )
    return d.pick(
        (
            f"Extract the {noun}: {text}",
            f"Extract the {noun}: {text}",
            f"Extract the {noun} as {how}JSON: {text}",
            f"Text: {text}\n{how.capitalize()}JSON:",
            f"{text}",
            f"{text}\n\nReturn the {noun} as {how}JSON.",
            f"Read the text and fill in the form.\n\n{text}",
            f"Turn this {noun} into {how}JSON: {text}",
            f"What does this say about the {noun}? {text}",
            f"Extract the {noun} from this text.\nText: {text}\n{how.capitalize()}JSON:",
            f"{noun.capitalize()}: {text}",
            f"Parse the following {noun}.\n{text}",
            f"{text}\n{how.capitalize()}JSON:",
        )
    )


def _context(d: v.Draw, text: str) -> str:
    if d.chance(0.8):
        return text
    before = " ".join(filler(d) for _ in range(d.pick((0, 1, 2, 4))))
    after = " ".join(filler(d) for _ in range(d.pick((0, 1, 2))))
    return " ".join(part for part in (before, text, after) if part)


def _finish(
    d: v.Draw, family: str, text: str, noun: str, value: Any, schema: dict[str, Any], keys: list[str]
) -> Example:
    style, how = _style(d)
    roll = d.rng.random()
    shown = schema if roll < 0.18 else None
    want = v.spoken_list(keys) if 0.18 <= roll < 0.38 and keys else ""
    if want and d.chance(0.5):
        want = ", ".join(keys)
    if style != HOUSE and shown is None and not want:
        want = ", ".join(keys)
    known = shown is not None or bool(want)
    told = _context(d, text)
    prompt = instruction(d, told, noun, want, how, shown)
    while how and f"{how}json" not in prompt.lower():  # an unusual style has to be asked for
        prompt = instruction(d, told, noun, want, how, shown)
    prompt += _ending(d)
    pieces = json_pieces(value, style, key_weight=1.0 if known else 0.02, shape_weight=0.5 if known else 0.2)
    return Example(family, prompt, pieces, value, schema, keys_shown=known)


def flat(d: v.Draw, size: tuple[int, int] = (1, 5)) -> Example:
    """One record without nesting; sometimes an unmentioned field that is optional or null."""
    domain = d.pick(DOMAINS)
    noun = d.pick(domain.nouns)
    subject, facts = draw_facts(d, domain, d.rng.randint(*size), noun)
    hidden: Fact | None = facts.pop() if len(facts) > 1 and d.chance(0.16) else None
    text = describe(d, domain, subject, facts)
    asked = facts if d.chance(0.75) else d.rng.sample(facts, d.rng.randint(1, len(facts)) if facts else 0)
    with_subject = d.chance(0.9) or not asked
    members = ([subject] if with_subject else []) + asked
    if d.chance(0.15):
        d.rng.shuffle(members)
    decorate = d.chance(0.4)
    value = {fact.key: fact.value.json for fact in members}
    properties = {fact.key: field_schema(d, fact, decorate) for fact in members}
    required = list(properties)
    if hidden is not None:
        properties[hidden.key] = field_schema(d, hidden, decorate)
        if d.chance(0.6):
            options = properties[hidden.key]
            properties[hidden.key] = {"type": [options["type"], "null"]}
            value[hidden.key] = None
            required.append(hidden.key)
    title = noun.title().replace(" ", "") if d.chance(0.2) else ""
    schema = object_schema(properties, required if d.chance(0.9) or hidden else [], d.chance(0.2), title)
    return _finish(d, "flat" if hidden is None else "optional", text, noun, value, schema, list(value))


def nested(d: v.Draw) -> Example:
    """One record with some of its fields in an inner object, or a second subject as a member."""
    domain = d.pick(DOMAINS)
    noun = d.pick(domain.nouns)
    subject, facts = draw_facts(d, domain, d.rng.randint(2, 5), noun)
    text = describe(d, domain, subject, facts)
    value: dict[str, Any] = {subject.key: subject.value.json}
    properties = {subject.key: field_schema(d, subject, False)}
    if d.chance(0.65):
        cut = d.rng.randint(0, len(facts) - 1)
        inner, name = facts[cut:], d.pick(GROUPS)
    else:
        cut = len(facts)
        other = d.pick(DOMAINS)
        name = other.nouns[0].replace(" ", "_")
        first, more = draw_facts(d, other, d.rng.randint(1, 3))
        text += " " + describe(d, other, first, more, "prose")
        inner = [first, *more]
    for fact in facts[:cut]:
        value[fact.key] = fact.value.json
        properties[fact.key] = field_schema(d, fact, False)
    if name in value:
        name = "nested"
    value[name] = {fact.key: fact.value.json for fact in inner}
    properties[name] = object_schema(
        {fact.key: field_schema(d, fact, False) for fact in inner}, [fact.key for fact in inner]
    )
    schema = object_schema(properties, list(properties))
    keys = [*(key for key in value if key != name), f"{name} ({', '.join(value[name])})"]
    return _finish(d, "nested", text, noun, value, schema, keys)


def records(d: v.Draw) -> Example:
    """Several records of one kind, as an array or under a key."""
    domain = d.pick(DOMAINS)
    noun = d.pick(domain.nouns)
    subject, facts = draw_facts(d, domain, d.rng.randint(0, 2), noun)
    count, texts, rows = d.pick((1, 2, 2, 2, 3, 3, 4)), [], []
    style = d.pick(("prose", "prose", "note", "mixed", "labelled"))
    for _ in range(count):
        row = [Fact(fact.field, fact.field.maker.draw(d), fact.key) for fact in (subject, *facts)]
        texts.append(describe(d, domain, row[0], row[1:], style))
        rows.append({fact.key: fact.value.json for fact in row})
    if not facts and d.chance(0.7):
        said = v.spoken_list([str(row[subject.key]) for row in rows])
        texts = [
            d.pick(
                (
                    f"{said} are on the list.",
                    f"We know {said}.",
                    f"There are {said}.",
                    f"{noun.capitalize()}s: {said}",
                )
            )
        ]
    joint = "\n" if style in ("note", "labelled") or d.chance(0.2) else " "
    item = object_schema(
        {fact.key: field_schema(d, fact, False) for fact in (subject, *facts)},
        [subject.key, *(f.key for f in facts)],
    )
    plural = f"{noun.split()[-1]}s" if d.chance(0.8) else d.pick(("items", "results", "entries", "list"))
    keys = list(rows[0])
    if d.chance(0.7):
        value: Any = {plural: rows}
        schema = object_schema({plural: {"type": "array", "items": item}}, [plural])
        keys = [f"{plural} ({', '.join(keys)})"]
    else:
        value, schema = rows, {"type": "array", "items": item}
    return _finish(d, "records", joint.join(texts), f"{noun}s", value, schema, keys)


def lists(d: v.Draw) -> Example:
    """An object with a plain array of strings that the text names."""
    source = d.pick(
        (
            w.INGREDIENTS,
            w.COLORS,
            w.SKILLS,
            w.HOBBIES,
            w.ITEMS,
            w.NOUNS,
            v.first_name,
            v.city_name,
            v.item_name,
            v.company_name,
        )
    )
    made = v.listing(source, 1, 5).draw(d)
    key = d.pick(("items", "names", "tags", "values", "things", "words", "list", "entries", "options"))
    text = d.pick(
        (
            f"{d.pick(v.words.FIRST_NAMES)} bought {made.text}.",
            f"The list has {made.text}.",
            f"Please bring {made.text} on {d.pick(w.DAYS)}.",
            f"{made.text}",
            f"We need {made.text}.",
            f"They talked about {made.text}.",
            ", ".join(made.json),
            "\n".join(f"- {x}" for x in made.json),
        )
    )
    schema = object_schema({key: {"type": "array", "items": {"type": "string"}}}, [key])
    return _finish(d, "lists", text, key, {key: made.json}, schema, [key])


def open_fields(d: v.Draw) -> Example:
    """Fields that no domain knows, named by any words: the key itself says what to look for."""
    makers = (
        v.PERSON,
        v.CITY,
        v.CODE,
        v.ITEM,
        v.PHRASE,
        v.DATE,
        v.COMPANY,
        v.EMAIL,
        v.TIME,
        v.TITLE,
        v.integer(0, 5000),
        v.integer(0, 60),
        v.decimal(0, 300),
        v.words_from(w.COLORS),
        v.words_from(w.NOUNS),
        v.words_from(w.ADJECTIVES),
    )
    noun, made = d.pick(COMMON), []
    glue = d.pick(("_",) * 6 + ("-", " ", ""))
    while len(made) < d.pick((1, 2, 3, 4, 5)):
        name = d.rng.sample(COMMON, d.pick((1, 1, 1, 2))) if d.chance(0.9) else [w.made_up(d.rng, d.unseen)]
        key = glue.join(name) if glue else name[0] + "".join(part.capitalize() for part in name[1:])
        maker = d.pick(makers)
        if all(key != fact.key for fact in made):
            field = Field(
                (key,),
                maker,
                (f"has the {' '.join(name)} {{}}", f"has a {' '.join(name)} of {{}}"),
                (f"{' '.join(name)} {{}}", f"{' '.join(name)}: {{}}"),
            )
            made.append(Fact(field, maker.draw(d), key))
    told = [f"{' '.join(f.field.brief[0].split(' {}')[:1])}" for f in made]
    form = d.pick(("is", "label", "label", "has", "note"))
    if form == "is":
        text = " ".join(f"The {name} is {fact.value.text}." for name, fact in zip(told, made, strict=True))
    elif form == "label":
        mark, end = d.pick((": ", ": ", " = ", " - ")), d.pick(("\n", "\n", ", ", "; ", " | "))
        text = end.join(
            f"{name.capitalize() if d.chance(0.3) else name}{mark}{fact.value.text}"
            for name, fact in zip(told, made, strict=True)
        )
    elif form == "has":
        text = (
            f"The {noun} "
            + v.spoken_list([f.field.say[d.rng.randint(0, 1)].replace("{}", f.value.text) for f in made])
            + "."
        )
    else:
        text = f"{noun.capitalize()}: " + ", ".join(
            f.field.brief[0].replace("{}", f.value.text) for f in made
        )
    asked = made if d.chance(0.7) else d.rng.sample(made, d.rng.randint(1, len(made)))
    value = {fact.key: fact.value.json for fact in asked}
    schema = object_schema(
        {fact.key: field_schema(d, fact, False) for fact in asked}, list(value), d.chance(0.2)
    )
    return _finish(d, "open", text, noun, value, schema, list(value))
