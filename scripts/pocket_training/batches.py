"""Examples as token ids with loss weights, and batches of similar length.

This module knows nothing about models, nor where examples come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import torch
from pocket_data.extraction import Example
from tokenizers import Tokenizer

from pocket_training.tokenizer import END, PAD

LONGEST = 768
"""Examples of more tokens are skipped."""
POOL = 512
"""Examples sorted by length at a time; the resume counter advances by whole pools."""


@dataclass
class Encoded:
    """One example in tokens; `weights[i]` is what predicting token i counts."""

    ids: list[int]
    weights: list[float]
    fields: dict[str, tuple[int, int]] = field(default_factory=dict)  # field → tokens [first, past the end)


def encode(tokenizer: Tokenizer, example: Example) -> Encoded:
    """Prompt and answer are tokenized apart, exactly as when a model is asked."""
    prompt = tokenizer.encode(example.prompt).ids
    made = tokenizer.encode(example.answer, add_special_tokens=False)
    ids = [*prompt, *made.ids, tokenizer.token_to_id(END)]
    weights = [0.0] * len(prompt)
    bounds, at = [], 0
    for piece in example.pieces:
        bounds.append((at, at + len(piece.text), piece))
        at += len(piece.text)
    spans: dict[str, tuple[int, int]] = {}
    first = 0
    for number, (start, end) in enumerate(made.offsets):
        while bounds[first][1] <= start and first + 1 < len(bounds):
            first += 1
        weight = 0.0
        for low, high, piece in islice(bounds, first, None):
            if low >= end:
                break
            weight = max(weight, piece.weight)
            if piece.field is not None:
                position = len(prompt) + number
                begun = spans.get(piece.field, (position, 0))[0]
                # one token more than the value: the one that ends it
                spans[piece.field] = (begun, position + 1 + (end <= high))
        weights.append(weight)
    weights.append(0.5)
    return Encoded(ids, weights, spans)


@dataclass
class Batch:
    """Right-padded ids (B, T) with the positions that count: predict `targets` after `rows`, `columns`."""

    ids: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def collate(examples: list[Encoded], pad: int) -> Batch:
    """One batch; padding stands on the right, where causal attention never looks."""
    width = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), width), pad)
    where: list[tuple[int, int, int, float]] = []
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        where += [(row, t - 1, example.ids[t], w) for t, w in enumerate(example.weights) if w > 0 and t > 0]
    rows, columns, targets, weights = zip(*where, strict=True)
    return Batch(ids, torch.tensor(rows), torch.tensor(columns), torch.tensor(targets), torch.tensor(weights))


def batches(
    tokenizer: Tokenizer, examples: Iterator[Example], tokens: int, shuffle_seed: int
) -> Iterator[tuple[list[Batch], int]]:
    """Pools of batches of about ``tokens`` tokens each, with the number of examples each pool used up."""
    pad = tokenizer.token_to_id(PAD)
    while True:
        pool = [encode(tokenizer, example) for example in islice(examples, POOL)]
        kept = sorted((e for e in pool if len(e.ids) <= LONGEST), key=lambda e: len(e.ids))
        made: list[Batch] = []
        group: list[Encoded] = []
        for example in kept:
            if group and len(example.ids) * (len(group) + 1) > tokens:
                made.append(collate(group, pad))
                group = []
            group.append(example)
        if group:
            made.append(collate(group, pad))
        order = torch.randperm(len(made), generator=torch.Generator().manual_seed(shuffle_seed)).tolist()
        shuffle_seed += 1
        yield [made[i] for i in order], len(pool)
