"""Tasks for `aligned.py`: small ones of our own, and the folders SLIA, BV4 and CP of the ASAp paper.

A task is a prompt and a grammar.  The tasks of the paper are for models of billions of parameters: their
prompts are longer than the embedded model's context, and it gives their grammars next to no
probability: on the tasks tried, rejection of any kind had nothing to accept.  So a small model
can first be *taught*: some gradient steps on the worked answers in the prompts of the same folder, each
behind the last tokens in front of it.  That replaces learning from the context, which it cannot do, and
leaves a P of the kind the paper has: a model that knows the form and does not always keep it.  Few steps
on purpose: a model taught to the end keeps the form by itself and shows nothing.

The answers of CP repeat the words of their question, which eight worked answers do not teach.  So it can
*practise* too: be taught some of its own masked outputs, right in form and wrong in what they say.

Park et al., NeurIPS 2024 (arXiv 2405.21047).  Knows nothing about samplers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import structgen as sg

SMALL = {  # from what the model would say anyway to what it hardly ever says
    "a person": (
        "Text: Ada Lovelace is 36 years old.\nFields: name, age\nJSON:\n",
        r'root ::= "{\"name\": \"" [A-Za-z ]+ "\", \"age\": " [0-9]+ "}"',
    ),
    "one of three": (
        "Text: The house is small.\nQuestion: How large is it? Options: small, medium, large\nAnswer:\n",
        'root ::= "medium" | "large" | "medium, it is" | "small, not large"',
    ),
    "some of the items": (
        "Text: The list has tea, milk and sugar.\nFields: items\nJSON:\n",
        r"""root ::= "{\"items\": [" item (", " item)* "]}"
item ::= "\"tea\"" | "\"sugar\"" | "\"salt\"" """,
    ),
    "a short name": (
        "Text: Ada Lovelace is 36 years old.\nFields: name, age\nJSON:\n",
        r'root ::= "{\"name\": \"" [A-Za-z]{1,4} "\", \"age\": " [0-9] [0-9] "}"',
    ),
    "nested brackets": ("Text: (()())\nSame again:\n", 'root ::= "(" root* ")"'),
}
WORKED = re.compile(r"(?:Solution:|->)\n(.+)")
BEFORE = 48
"""Tokens in front of an answer that a taught model sees, in teaching and after."""


Example = tuple[list[int], list[int]]
"""What stands in front of an answer, and the answer with its end, in tokens."""


@dataclass
class Task:
    kind: str
    name: str
    prompt: list[int]
    grammar: str


def encode(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return found


def small_tasks(tokenizer: Any) -> Iterator[Task]:
    for name, (prompt, grammar) in SMALL.items():
        yield Task("small", name, tokenizer(prompt)["input_ids"], grammar)


def tasks_of(folder: Path, tokenizer: Any, keep: int, limit: int) -> Iterator[Task]:
    """The first ``limit`` tasks of one folder, with the last ``keep`` tokens of each prompt."""
    for path in sorted(folder.glob("*.gbnf"))[:limit]:
        prompt = path.with_name(path.stem + ".prompt.txt").read_text(encoding="utf-8").rstrip("\n") + "\n"
        yield Task(folder.name, path.stem, encode(tokenizer, prompt)[-keep:], path.read_text("utf-8"))


def worked_answers(folder: Path, tokenizer: Any) -> list[Example]:
    """What stands in front of each worked answer in the prompts, and the answer with its end; each once."""
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], None] = {}
    for path in sorted(folder.glob("*.prompt.txt")):
        text = path.read_text(encoding="utf-8")
        for match in WORKED.finditer(text):
            before = encode(tokenizer, text[: match.start(1)])[-BEFORE:]
            answer = [*encode(tokenizer, match[1]), tokenizer.eos_token_id]
            found[tuple(before), tuple(answer)] = None
    return [(list(before), list(answer)) for before, answer in found]


def teach(
    model: Any, examples: list[Example], until: float, seed: int, *, most: int = 200
) -> tuple[int, float]:
    """Adam on batches of eight answers until the loss per token (mean of four batches, in nats) is low.

    Returns the steps it took and the loss it came to.
    """
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.train()
    losses: list[float] = []
    while len(losses) < most and (len(losses) < 4 or sum(losses[-4:]) / 4 > until):
        batch = [examples[at] for at in torch.randperm(len(examples), generator=order)[:8].tolist()]
        width = max(len(before) + len(answer) for before, answer in batch)
        padding = [width - len(before) - len(answer) for before, answer in batch]
        ids = [[*b, *a, *[0] * pad] for (b, a), pad in zip(batch, padding, strict=True)]
        labels = [[-100] * len(b) + a + [-100] * pad for (b, a), pad in zip(batch, padding, strict=True)]
        loss = model(input_ids=torch.tensor(ids), labels=torch.tensor(labels)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    model.eval()
    return len(losses), sum(losses[-4:]) / 4


def practised(loaded: Any, tasks: list[Task], count: int, max_tokens: int, seed: int) -> list[Example]:
    """Each prompt with ``count`` outputs of plain masking: answers of the form, whatever they say."""
    found = []
    for task in tasks:
        made = sg.generate(
            loaded,
            task.prompt,
            grammar=sg.gbnf(task.grammar, undefined="nothing"),
            n=count,
            temperature=1.0,
            max_tokens=max_tokens,
            seed=seed,
        )
        found += [(task.prompt, [*one.tokens, loaded.tokenizer.eos_token_id]) for one in made]
    return found
