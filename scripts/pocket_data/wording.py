"""From facts to text: prose, brief notes, labelled lines and mixtures of them.

A fact is a field with a drawn value.  This module knows nothing about JSON or prompts.
"""

from __future__ import annotations

from dataclasses import dataclass

from pocket_data import values as v
from pocket_data import words as w
from pocket_data.domains import Domain, Field
from pocket_data.english import COMMON


@dataclass
class Fact:
    """A field, its value, and the key an answer uses for it."""

    field: Field
    value: v.Value
    key: str


def _said(d: v.Draw, fact: Fact, forms: tuple[str, ...]) -> str:
    if fact.value.json is False and fact.field.deny:
        forms = fact.field.deny
    form = str(d.pick(forms))
    if fact.value.text[:1] in "aeiouAEIOU":
        form = form.replace(" a {}", " an {}")
    return form.replace("{}", fact.value.text)


def predicate(d: v.Draw, fact: Fact) -> str:
    """What a sentence says after its subject."""
    return _said(d, fact, fact.field.say)


def brief(d: v.Draw, fact: Fact) -> str:
    """The fact as it stands between commas."""
    return _said(d, fact, fact.field.brief or fact.field.say)


def label(fact: Fact) -> str:
    """The field's name in words: ``order_date`` as “order date”."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in fact.key)
    return words.replace("_", " ").strip()


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def prose(d: v.Draw, domain: Domain, subject: str, facts: list[Fact]) -> str:
    """Full sentences of one to three facts each, by name first and mostly by pronoun afterwards."""
    sentences: list[str] = []
    pronoun, rest = d.pick(domain.pronouns), list(facts)
    while rest:
        size = d.pick((1, 1, 2, 2, 3))
        group, rest = rest[:size], rest[size:]
        says = [predicate(d, fact) for fact in group]
        if not sentences:
            name = d.pick(domain.lead).replace("{}", subject)
        else:
            name = subject if d.chance(0.2) else pronoun
        if pronoun == "They" and name == "They":
            says = [_plural(text) for text in says]
        sentences.append(f"{name} {_joined(says)}.")
    return " ".join(sentences) or f"{subject}."


_PLURALS = {"is": "are", "has": "have", "was": "were", "does": "do", "goes": "go", "earns": "earn"}


def _plural(text: str) -> str:
    verb, _, rest = text.partition(" ")
    if verb in _PLURALS:
        verb = _PLURALS[verb]
    elif verb.endswith("s") and not verb.endswith("ss"):
        verb = verb[:-3] + "y" if verb.endswith("ies") else verb[:-2] if verb.endswith("ches") else verb[:-1]
    return f"{verb} {rest}"


def note(d: v.Draw, subject: str, facts: list[Fact]) -> str:
    """The subject and brief forms between commas, as people write on a card."""
    separator = d.pick((", ", ", ", ", ", "; ", " - ", " / ", " | ", "\n"))
    parts = [subject, *(brief(d, fact) for fact in facts)]
    if separator == ", " and len(parts) > 2 and d.chance(0.3):
        return f"{', '.join(parts[:-1])} and {parts[-1]}."
    return separator.join(parts) + d.pick(("", "."))


def labelled(d: v.Draw, subject_fact: Fact, facts: list[Fact]) -> str:
    """Lines or a row of “label: value”."""
    separator = d.pick(("\n", "\n", ", ", "; ", " | "))
    mark = d.pick((": ", ": ", ": ", " = ", " - "))
    capital = d.chance(0.5)
    rows = []
    for fact in [subject_fact, *facts]:
        name = label(fact)
        rows.append((name.capitalize() if capital else name) + mark + fact.value.text)
    return separator.join(rows)


def mixed(d: v.Draw, domain: Domain, subject: str, facts: list[Fact]) -> str:
    """A brief opening in front of full sentences: “Ada, 36, lives in Oslo. She …”."""
    cut = d.rng.randint(1, max(1, min(3, len(facts))))
    opening = ", ".join(brief(d, fact) for fact in facts[:cut])
    rest = facts[cut:]
    if not rest:
        return f"{subject}, {opening}."
    says = _joined([predicate(d, fact) for fact in rest[:2]])
    more = prose(d, domain, d.pick(domain.pronouns), rest[2:]) if rest[2:] else ""
    if rest[2:]:
        more = " ".join(f"{d.pick(domain.pronouns[:1])} {predicate(d, fact)}." for fact in rest[2:])
    return f"{subject}, {opening}, {says}." + (f" {more}" if more else "")


def describe(d: v.Draw, domain: Domain, subject_fact: Fact, facts: list[Fact], style: str = "") -> str:
    """A text that states every given fact about the subject, in an order of its own."""
    subject = subject_fact.value.text
    told = list(facts)
    if d.chance(0.5):
        d.rng.shuffle(told)
    if not told:
        return d.pick(
            (f"{subject}.", f"This is about {subject}.", f"{domain.nouns[0].capitalize()}: {subject}")
        )
    roll = d.rng.random()
    style = style or (
        "prose" if roll < 0.5 else "note" if roll < 0.7 else "labelled" if roll < 0.82 else "mixed"
    )
    if style == "prose":
        return prose(d, domain, subject, told)
    if style == "note":
        return note(d, subject, told)
    if style == "labelled":
        return labelled(d, subject_fact, told)
    return mixed(d, domain, subject, told)


def filler(d: v.Draw) -> str:
    """A sentence that is about nothing asked for."""
    adjective, noun, other = d.pick(w.ADJECTIVES), d.pick(w.NOUNS), d.pick(w.NOUNS)
    return str(
        d.pick(
            (
                f"The {noun} near the {other} was {adjective}.",
                f"Nobody expected the {adjective} {noun}.",
                f"Please {d.pick(w.VERBS)} the {noun} before the {other}.",
                f"It was a {adjective} {d.pick(w.DAYS)} in {d.pick(w.MONTHS)}.",
                f"Thank you for the {adjective} {noun}.",
                f"See the {noun} for more about the {other}.",
                f"{' '.join(d.pick(COMMON) for _ in range(d.rng.randint(3, 9))).capitalize()}.",
                f"We will {d.pick(w.VERBS)} the {other} and {d.pick(w.VERBS)} the {noun} later.",
            )
        )
    )
