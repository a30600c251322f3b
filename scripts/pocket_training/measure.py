"""How many fields a model gets right on examples with names it has never seen, cheaply.

A field counts when greedy choice gives every one of its tokens and ends it, with the
right text before it and the type the schema gives it: one forward pass a batch, for
watching a run.  What generation
really yields is measured by ``scripts/evaluate_pocket.py``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from pocket_data.corpus import example
from tokenizers import Tokenizer

from pocket_training.batches import Encoded, encode

BARE = ("yes/no", "choice", "short answer", "copy", "continuation")
SEED = 987_654
"""Evaluation draws from this seed, training from others."""


def held_out(tokenizer: Tokenizer, count: int) -> list[tuple[str, list[Encoded]]]:
    """``count`` unseen examples in groups of similar length, each with its families."""
    made = [(e.family, encode(tokenizer, e)) for e in (example(SEED, i, unseen=True) for i in range(count))]
    made.sort(key=lambda pair: len(pair[1].ids))
    return [
        (",".join(f for f, _ in made[i : i + 16]), [e for _, e in made[i : i + 16]])
        for i in range(0, count, 16)
    ]


@torch.no_grad()
def field_accuracy(
    model: Any, tokenizer: Tokenizer, groups: list[tuple[str, list[Encoded]]]
) -> dict[str, float]:
    """Share of right fields by family and over all JSON families (``fields``)."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    texts = [
        tokenizer.decode([token], skip_special_tokens=False) for token in range(tokenizer.get_vocab_size())
    ]
    opens = torch.tensor(['"' in text or "[" in text for text in texts], device=model.device)
    ends = [text[:1] if text[:1] in '"<' or text[:1].isalnum() else "," for text in texts]
    for families, group in groups:
        width = max(len(e.ids) for e in group)
        ids = torch.zeros((len(group), width), dtype=torch.long, device=model.device)
        for row, encoded in enumerate(group):
            ids[row, : len(encoded.ids)] = torch.tensor(encoded.ids)
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
        for row, (family, encoded) in enumerate(zip(families.split(","), group, strict=True)):
            for start, end in encoded.fields.values():
                wanted = encoded.ids[start:end]
                logits = model.lm_head(hidden[row, start - 1 : start - 1 + len(wanted)])
                if family not in BARE:  # the schema says whether a string starts here
                    logits[0, opens != opens[wanted[0]]] = float("-inf")
                best = logits.argmax(-1).tolist()
                right[family] += best[:-1] == wanted[:-1] and ends[best[-1]] == ends[wanted[-1]]
                total[family] += 1
    json_families = [f for f in total if f not in BARE]
    scores = {family: round(right[family] / total[family], 3) for family in sorted(total)}
    overall = sum(right[f] for f in json_families) / max(1, sum(total[f] for f in json_families))
    return {"fields": round(overall, 3), **scores}
