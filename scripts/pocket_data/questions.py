"""Questions about a description: yes or no, one of several options, a short answer; and plain text.

Answers are bare words, not JSON.  This module knows nothing about how prompts are tokenized.
"""

from __future__ import annotations

from pocket_data import values as v
from pocket_data import words as w
from pocket_data.answers import Piece
from pocket_data.domains import DOMAINS
from pocket_data.english import COMMON
from pocket_data.extraction import Example, draw_facts
from pocket_data.wording import describe, filler, label, prose

GOOD = w._words(
    "great wonderful excellent lovely delicious perfect brilliant friendly fantastic helpful amazing superb good"
)
BAD = w._words(
    "terrible awful horrible bad rude disgusting poor dreadful broken useless boring disappointing ugly"
)
PLAIN = w._words("average ordinary fine okay acceptable usual normal")
TOPICS = (
    ("person", 0),
    ("product", 4),
    ("order", 6),
    ("event", 7),
    ("book", 8),
    ("flight", 9),
    ("company", 11),
    ("recipe", 13),
)


def _end(d: v.Draw) -> str:
    return str(d.pick(("\n",) * 3 + (" ", "")))


def _one(family: str, prompt: str, answer: str, options: tuple[str, ...] = ()) -> Example:
    return Example(family, prompt, [Piece(answer, 1.0, "answer")], options=options)


def yes_no(d: v.Draw) -> Example:
    """Is it so? The answer is yes or no, or true or false when the question says so."""
    domain = d.pick(DOMAINS)
    subject, facts = draw_facts(d, domain, d.rng.randint(1, 4))
    text = describe(d, domain, subject, facts)
    name = subject.value.text
    truths = [fact for fact in facts if isinstance(fact.value.json, bool)]
    if truths and d.chance(0.6):
        fact = d.pick(truths)
        truth, question = fact.value.json, fact.field.ask.replace("{s}", name)
    else:
        fact = d.pick(facts or [subject])
        truth, shown = d.chance(0.5), fact.value.text
        if not truth:
            while shown == fact.value.text:
                shown = fact.field.maker.draw(d).text
        if isinstance(fact.value.json, bool):
            truth, question = fact.value.json, fact.field.ask.replace("{s}", name)
        else:
            question = d.pick(
                (
                    f"Is the {label(fact)} {shown}?",
                    f"Is it true that the {label(fact)} of {name} is {shown}?",
                    f"Does the text say {shown}?",
                    f"Does the text mention {shown}?",
                )
            )
    yes, no, hint = d.pick(
        (
            ("yes", "no", ""),
            ("yes", "no", " (yes or no)"),
            ("yes", "no", " Answer yes or no."),
            ("Yes", "No", " Answer Yes or No."),
            ("true", "false", " Answer true or false."),
            ("true", "false", " (true/false)"),
        )
    )
    prompt = d.pick(
        (
            f"Text: {text}\nQuestion: {question}{hint}\nAnswer:",
            f"{text}\n{question}{hint}",
            f"{text}\n\n{question}{hint}\nAnswer:",
            f"{question}{hint}\n{text}\nAnswer:",
        )
    )
    return _one("yes/no", prompt + _end(d), yes if truth else no, (yes, no))


def choice(d: v.Draw) -> Example:
    """One of several options: a field with an enum, a mood, or what a text is about."""
    roll = d.rng.random()
    if roll < 0.35:
        mood = d.pick(("positive", "negative", "neutral"))
        word = d.pick({"positive": GOOD, "negative": BAD, "neutral": PLAIN}[mood])
        thing = d.pick((d.pick(w.FOODS), d.pick(w.ITEMS), "service", "film", "staff", "room", "trip"))
        text = d.pick(
            (
                f"The {thing} was {word}.",
                f"What a {word} {thing}!",
                f"I found the {thing} {word}.",
                f"{word.capitalize()} {thing}.",
                f"We stayed two nights and the {thing} was {word}.",
                f"My {thing} arrived today. It is {word}.",
            )
        )
        options, answer = ["positive", "negative", "neutral"], mood
        question = d.pick(
            (
                "What is the sentiment?",
                "Sentiment?",
                "Is the review positive, negative or neutral?",
                "Classify the review.",
            )
        )
    elif roll < 0.6:
        topics = d.rng.sample(TOPICS, d.rng.randint(2, 4))
        answer, index = d.pick(topics)
        subject, facts = draw_facts(d, DOMAINS[index], d.rng.randint(2, 4))
        text, options = describe(d, DOMAINS[index], subject, facts, "prose"), [name for name, _ in topics]
        question = d.pick(
            ("What is the text about?", "Which kind of thing is described?", "Classify the text.")
        )
    else:
        while True:
            domain = d.pick(DOMAINS)
            subject, facts = draw_facts(d, domain, d.rng.randint(2, 5))
            listed = [fact for fact in facts if "enum" in fact.field.maker.schema]
            if listed:
                break
        fact = d.pick(listed)
        options, answer = list(fact.field.maker.schema["enum"]), fact.value.json
        text, question = (
            describe(d, domain, subject, facts),
            fact.field.ask.replace("{s}", subject.value.text),
        )
        if d.chance(0.3):
            question = f"{label(fact).capitalize()}?"
    d.rng.shuffle(options)
    shown = d.pick((", ".join(options), " / ".join(options), " or ".join(options)))
    prompt = d.pick(
        (
            f"Text: {text}\nQuestion: {question}\nOptions: {shown}\nAnswer:",
            f"{text}\n{question} ({shown})\nAnswer:",
            f"{question} {shown}\n{text}\nAnswer:",
            f"Text: {text}\nQuestion: {question}\nAnswer:",
        )
    )
    return _one("choice", prompt + _end(d), answer, tuple(options))


def short_answer(d: v.Draw) -> Example:
    """One field as bare text: a name, a number, a date, a list."""
    domain = d.pick(DOMAINS)
    subject, facts = draw_facts(d, domain, d.rng.randint(1, 5))
    text = describe(d, domain, subject, facts)
    asked = [fact for fact in facts if fact.field.ask and not isinstance(fact.value.json, bool)]
    if not asked:
        asked, name = [subject], "it"
    else:
        name = subject.value.text
    fact = d.pick(asked)
    question = fact.field.ask.replace("{s}", name if d.chance(0.7) else f"the {domain.nouns[0]}")
    if d.chance(0.25):
        question = f"What is the {label(fact)}?"
    answer = fact.value.text if isinstance(fact.value.json, list) else str(fact.value.json)
    prompt = d.pick(
        (
            f"Text: {text}\nQuestion: {question}\nAnswer:",
            f"{text}\n{question}",
            f"{text}\n\n{question}\nAnswer:",
            f"{question}\n{text}\nAnswer:",
            f"{text}\n{label(fact).capitalize()}:",
            f"Find the {label(fact)}: {text}",
        )
    )
    return _one("short answer", prompt + _end(d), answer)


def continuation(d: v.Draw) -> Example:
    """A beginning and how it goes on: descriptions, small talk, sequences."""
    roll = d.rng.random()
    if roll < 0.4:
        domain = d.pick(DOMAINS)
        subject, facts = draw_facts(d, domain, d.rng.randint(2, 5))
        text = prose(d, domain, subject.value.text, facts)
    elif roll < 0.75:
        text = " ".join(filler(d) for _ in range(d.rng.randint(2, 5)))
    else:
        start, step = d.rng.randint(0, 30), d.pick((1, 1, 2, 5, 10))
        text = d.pick(
            (
                ", ".join(str(start + step * i) for i in range(8)),
                ", ".join(w.DAYS),
                ", ".join(w.MONTHS),
                " ".join("abcdefghijklmnopqrstuvwxyz"),
                "one, two, three, four, five, six, seven, eight, nine, ten",
                "\n".join(f"- {d.pick(w.ITEMS)}" for _ in range(4)),
            )
        )
    space = [i for i, c in enumerate(text) if c == " " and i >= 4] or [0]
    cut = d.pick(space[: max(1, len(space) // 2)])
    return Example("continuation", text[:cut], [Piece(text[cut:], 0.3)])


def copy(d: v.Draw) -> Example:
    """Say it again: the drill that teaches copying words nobody has seen."""
    makers = (
        v.PERSON,
        v.CITY,
        v.EMAIL,
        v.CODE,
        v.COMPANY,
        v.ITEM,
        v.PHRASE,
        v.DATE,
        v.PHONE,
        v.TITLE,
        v.STREET,
        v.URL,
    )
    count = d.pick((1, 1, 2, 3, 4))
    text = ", ".join(d.pick(makers).draw(d).text for _ in range(count))
    if d.chance(0.3):
        text = " ".join(
            d.pick(
                (
                    w.made_up(d.rng, d.unseen),
                    d.pick(w.NOUNS),
                    d.pick(COMMON),
                    d.pick(COMMON),
                    str(d.rng.randint(0, 9999)),
                )
            )
            for _ in range(count * 2)
        )
    prompt = d.pick(
        (f"Repeat: {text}\n", f"Copy this: {text}\n", f"{text}\nRepeat:\n", f"Text: {text}\nCopy:\n")
    )
    return _one("copy", prompt, text)
