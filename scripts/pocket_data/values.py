"""Value makers: each draws one field value as JSON and as the words a text uses for it.

A maker is a function of a `Draw` (random numbers and the side of the split).
It knows nothing about field names or sentences.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pocket_data import words
from pocket_data.english import COMMON

Schema = dict[str, Any]


@dataclass
class Draw:
    """Where values come from: a seeded generator, and whether words must be unseen in training."""

    rng: Random
    unseen: bool = False

    def pick(self, options: Any) -> Any:
        return self.rng.choice(options)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability


@dataclass
class Value:
    """One drawn value: what the JSON holds and what the text says."""

    json: Any
    text: str


@dataclass(frozen=True)
class Maker:
    """A named kind of value: how to draw it and which subschemas describe it."""

    draw: Callable[[Draw], Value]
    schema: Schema = field(default_factory=lambda: {"type": "string"})


def _string(function: Callable[[Draw], str]) -> Maker:
    def draw(d: Draw) -> Value:
        text = function(d)
        return Value(text, text)

    return Maker(draw)


def _proper(d: Draw, seen: tuple[str, ...], unseen: tuple[str, ...], made: float = 0.6) -> str:
    if d.chance(made):
        return words.made_up(d.rng, d.unseen).capitalize()
    return str(d.pick(unseen if d.unseen else seen))


def first_name(d: Draw) -> str:
    return _proper(d, words.FIRST_NAMES, words.UNSEEN_FIRST_NAMES)


def surname(d: Draw) -> str:
    name = _proper(d, words.SURNAMES, words.UNSEEN_SURNAMES, 0.7)
    if d.chance(0.04):
        return f"{name}-{_proper(d, words.SURNAMES, words.UNSEEN_SURNAMES)}"
    return f"{d.pick(('O’', 'Mc', 'de ', 'van '))}{name}" if d.chance(0.04) else name


def full_name(d: Draw) -> str:
    roll = d.rng.random()
    if roll < 0.3:
        return first_name(d)
    if roll < 0.92:
        return f"{first_name(d)} {surname(d)}"
    if roll < 0.96:
        return f"{first_name(d)} {d.pick('ABCDEFGHJKLMNPRSTVW')}. {surname(d)}"
    return f"{d.pick(('Dr.', 'Prof.', 'Mr.', 'Ms.'))} {first_name(d)} {surname(d)}"


def city_name(d: Draw) -> str:
    name = _proper(d, words.CITIES, words.UNSEEN_CITIES, 0.5)
    if d.chance(0.08):
        return f"{d.pick(('New', 'San', 'Port', 'Saint', 'East', 'Fort', 'El'))} {name}"
    return name


def company_name(d: Draw) -> str:
    base = words.made_up(d.rng, d.unseen).capitalize()
    roll = d.rng.random()
    if roll < 0.35:
        return base
    if roll < 0.6:
        return f"{base} {d.pick(('Ltd', 'Inc', 'GmbH', 'Labs', 'Group', 'Systems', 'Foods', 'Bank', 'Air', 'Works'))}"
    if roll < 0.8:
        return f"{surname(d)} & {d.pick(('Sons', 'Co', 'Partners', surname(d)))}"
    return f"{d.pick(words.ADJECTIVES).capitalize()} {d.pick(words.NOUNS).capitalize()} {d.pick(('Ltd', 'Inc', 'Co'))}"


def email_address(d: Draw) -> str:
    user = d.pick(
        (
            lambda: words.made_up(d.rng, d.unseen),
            lambda: f"{first_name(d)}.{words.made_up(d.rng, d.unseen)}".lower(),
            lambda: f"{d.pick('abcdefghjklmnprstvw')}.{words.made_up(d.rng, d.unseen)}",
            lambda: f"{words.made_up(d.rng, d.unseen)}{d.rng.randint(1, 99)}",
            lambda: f"{words.made_up(d.rng, d.unseen)}_{d.pick(words.NOUNS)}",
        )
    )()
    host = (
        d.pick(words.DOMAINS)
        if d.chance(0.6)
        else f"{words.made_up(d.rng, d.unseen)}.{d.pick(('com', 'org', 'net', 'io', 'de', 'co.uk'))}"
    )
    return f"{_ascii(user)}@{_ascii(host)}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(c for c in plain if c.isalnum() or c in "._-")


def title_words(d: Draw) -> str:
    roll = d.rng.random()
    noun, adjective = d.pick(words.NOUNS).capitalize(), d.pick(words.ADJECTIVES).capitalize()
    if roll < 0.3:
        return f"The {adjective} {noun}"
    if roll < 0.5:
        return f"{noun} of {words.made_up(d.rng, d.unseen).capitalize()}"
    if roll < 0.65:
        return f"{adjective} {noun}"
    if roll < 0.8:
        return f"The {noun} and the {d.pick(words.NOUNS).capitalize()}"
    if roll < 0.86:
        return words.made_up(d.rng, d.unseen).capitalize()
    if roll < 0.95:
        return " ".join(d.pick(COMMON) for _ in range(d.rng.randint(1, 4))).capitalize()
    return f"{first_name(d)}'s {noun}"


def short_phrase(d: Draw) -> str:
    roll = d.rng.random()
    if roll < 0.3:
        return f"{d.pick(words.VERBS)} the {d.pick(words.ADJECTIVES)} {d.pick(words.NOUNS)}"
    if roll < 0.5:
        return f"{d.pick(words.NOUNS)} {d.pick(words.NOUNS)}"
    if roll < 0.7:
        return f"{d.pick(words.VERBS)} {first_name(d)}"
    if roll < 0.85:
        return f"the {d.pick(words.NOUNS)} is {d.pick(words.ADJECTIVES)}"
    if roll < 0.95:
        return " ".join(d.pick(COMMON) for _ in range(d.rng.randint(2, 6)))
    return f"{d.pick(words.ADJECTIVES)} {words.made_up(d.rng, d.unseen)} {d.pick(words.NOUNS)}"


def item_name(d: Draw) -> str:
    roll = d.rng.random()
    if roll < 0.35:
        return f"{d.pick(words.ADJECTIVES)} {d.pick(words.ITEMS)}"
    if roll < 0.55:
        return str(d.pick(words.ITEMS))
    if roll < 0.8:
        return f"{words.made_up(d.rng, d.unseen).capitalize()} {d.pick(words.ITEMS)}"
    return f"{words.made_up(d.rng, d.unseen).capitalize()} {d.pick(('Pro', 'Mini', 'Max', 'Air', 'X', 'One'))} {d.rng.randint(2, 900)}"


def code_text(d: Draw) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    prefix = "".join(d.rng.choices(letters, k=d.pick((1, 2, 2, 3))))
    digits = "".join(d.rng.choices("0123456789", k=d.pick((2, 3, 4, 4, 5, 6))))
    return d.pick(
        (f"{prefix}-{digits}", f"{prefix}{digits}", f"{digits}-{prefix}", f"{prefix}-{digits[:2]}-{digits}")
    )


def phone_number(d: Draw) -> str:
    digits = "".join(d.rng.choices("0123456789", k=10))
    return d.pick(
        (
            f"555-{digits[:4]}",
            f"{digits[:3]}-{digits[3:6]}-{digits[6:]}",
            f"+{digits[:2]} {digits[2:5]} {digits[5:]}",
        )
    )


def postcode(d: Draw) -> str:
    return "".join(d.rng.choices("0123456789", k=5))


def street_line(d: Draw) -> str:
    name = d.pick(words.STREETS) if d.chance(0.5) else words.made_up(d.rng, d.unseen).capitalize()
    return f"{d.rng.randint(1, 299)} {name} {d.pick(words.STREET_KINDS)}"


def clock_time(d: Draw) -> str:
    return f"{d.rng.randint(0, 23):02d}:{d.pick((0, 15, 30, 45, 5, 20, 50, 10)):02d}"


def web_address(d: Draw) -> str:
    return f"https://{_ascii(words.made_up(d.rng, d.unseen))}.{d.pick(('com', 'org', 'io'))}/{d.pick(words.NOUNS)}"


def _date(d: Draw) -> Value:
    year, month, day = d.rng.randint(1950, 2035), d.rng.randint(1, 12), d.rng.randint(1, 28)
    iso = f"{year}-{month:02d}-{day:02d}"
    if d.chance(0.8):
        return Value(iso, iso)
    name = words.MONTHS[month - 1]
    return Value(iso, d.pick((f"{day} {name} {year}", f"{name} {day}, {year}")))


def integer(low: int, high: int) -> Maker:
    """Whole numbers, small ones as likely as large ones."""

    def draw(d: Draw) -> Value:
        top = high if d.chance(0.5) else min(high, low + max(10, (high - low) // 10))
        number = d.rng.randint(low, top)
        return Value(number, str(number))

    return Maker(draw, {"type": "integer"})


def decimal(low: int, high: int, digits: int = 2) -> Maker:
    """Numbers with a fraction whose last digit is not zero, so text and JSON agree."""

    def draw(d: Draw) -> Value:
        if d.chance(0.2):
            number: float = d.rng.randint(low, high)
        else:
            fraction = d.rng.randint(0, 10 ** (digits - 1) - 1) * 10 + d.rng.randint(1, 9)
            number = float(f"{d.rng.randint(low, high)}.{fraction:0{digits}d}")
        return Value(number, str(number))

    return Maker(draw, {"type": "number"})


def enum(*options: str) -> Maker:
    """One of a few words, which the schema lists."""

    def draw(d: Draw) -> Value:
        option = d.pick(options)
        return Value(option, option.replace("_", " "))

    return Maker(draw, {"type": "string", "enum": list(options)})


def boolean() -> Maker:
    """True or false; the field's phrases say which."""

    def draw(d: Draw) -> Value:
        truth = d.chance(0.5)
        return Value(truth, "yes" if truth else "no")

    return Maker(draw, {"type": "boolean"})


def words_from(options: tuple[str, ...]) -> Maker:
    """A word of a list, sometimes a made-up one in its place."""
    return _string(lambda d: str(d.pick(options)) if d.chance(0.8) else words.made_up(d.rng, d.unseen))


def listing(item: Callable[[Draw], str] | tuple[str, ...], low: int = 1, high: int = 4) -> Maker:
    """Several different strings, said as “a, b and c”."""

    def draw(d: Draw) -> Value:
        count = d.rng.randint(low, high)
        entries: list[str] = []
        while len(entries) < count:
            made = (callable(item) and item(d)) or (
                d.pick(item) if d.chance(0.85) else words.made_up(d.rng, d.unseen)
            )
            if made not in entries:
                entries.append(str(made))
        return Value(entries, spoken_list(entries))

    return Maker(draw, {"type": "array", "items": {"type": "string"}})


def spoken_list(entries: list[str]) -> str:
    """``["a", "b", "c"]`` as “a, b and c”."""
    return entries[0] if len(entries) == 1 else f"{', '.join(entries[:-1])} and {entries[-1]}"


PERSON, FIRST, SURNAME = _string(full_name), _string(first_name), _string(surname)
CITY, COMPANY, TITLE = _string(city_name), _string(company_name), _string(title_words)
EMAIL, PHONE, CODE, POSTCODE = (
    _string(email_address),
    _string(phone_number),
    _string(code_text),
    _string(postcode),
)
STREET, TIME, URL, PHRASE = (
    _string(street_line),
    _string(clock_time),
    _string(web_address),
    _string(short_phrase),
)
ITEM = _string(item_name)
DATE = Maker(_date, {"type": "string", "format": "date"})
