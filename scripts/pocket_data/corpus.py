"""The corpus: example number i of a seed, whatever came before it, and how examples become chats.

Reproducible by index, so a run resumes by its counter alone.  Early examples are short.
This module knows nothing about tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pocket_data.extraction import Example, flat, lists, nested, open_fields, records
from pocket_data.questions import choice, continuation, copy, short_answer, yes_no
from pocket_data.tools import function_call
from pocket_data.values import Draw

# maker, share early, share later, share in a continued run: copying and short records come
# first; a continued run dwells on what is learned last
MIX = (
    (copy, 25, 4, 3),
    (lambda d: flat(d, (1, 3)), 40, 10, 6),
    (lambda d: flat(d, (3, 7)), 5, 34, 36),
    (open_fields, 10, 10, 10),
    (nested, 3, 10, 6),
    (records, 3, 14, 26),
    (lists, 8, 8, 9),
    (function_call, 5, 10, 6),
    (yes_no, 3, 7, 9),
    (choice, 3, 5, 5),
    (short_answer, 8, 8, 8),
    (continuation, 2, 3, 2),
)
EARLY = 12_000
"""Number of examples over which the mix moves from early to later shares."""

SYSTEM = (
    "You extract data.",
    "Answer with JSON.",
    "You are a helpful assistant.",
    "Answer briefly.",
    "Be exact.",
)


def example(
    seed: int, index: int, unseen: bool = False, early: int = EARLY, continued: bool = False
) -> Example:
    """Example ``index`` of a seed; ``unseen=True`` draws names from the side kept for evaluation."""
    rng = Random(f"{seed}/{index}/{int(unseen)}")
    d = Draw(rng, unseen)
    progress = 1.0 if unseen else min(1.0, index / early)
    shares = [last if continued else first + (later - first) * progress for _, first, later, last in MIX]
    maker = rng.choices([make for make, *_ in MIX], shares)[0]
    made = maker(d)
    if made.family not in ("continuation", "copy") and d.chance(0.12):
        made.messages = [{"role": "user", "content": made.prompt.strip()}]
        if d.chance(0.3):
            made.messages.insert(0, {"role": "system", "content": d.pick(SYSTEM)})
        made.prompt = chat_text(made.messages)
    return made


def chat_text(messages: list[dict[str, str]]) -> str:
    """The chat format of the tokenizer's template, with the assistant's turn opened."""
    return "".join(f"<|{m['role']}|>\n{m['content']}\n" for m in messages) + "<|assistant|>\n"


def stream(seed: int, start: int = 0, continued: bool = False) -> Iterator[Example]:
    """Examples from ``start`` on, without end."""
    index = start
    while True:
        yield example(seed, index, continued=continued)
        index += 1


def text_sample(seed: int, count: int) -> Iterator[str]:
    """Whole examples as text, for training the tokenizer."""
    for index in range(count):
        made = example(seed, index, early=1)
        yield made.prompt
        yield made.answer
