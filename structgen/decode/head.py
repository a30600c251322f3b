"""Logits on demand: the model's last hidden states, and its output matrix applied to what is asked for.

A matrix of 131,072 rows is a tenth to a quarter of a small model's work.  Where a step needs the logits of a
few tokens, or of some rows of a batch only, the others need not be computed.

That takes a model whose logits are the product of its last hidden states and its output matrix, and nothing
else (no soft caps, no scales, no states in between).  `last_layer` finds out by looking at one pass.

Knows nothing about masks or laws.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_known: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()


class Logits:
    """Logits (B, K, V) that are computed when they are asked for, from hidden states (B, K, H).

    >>> logits = Logits(torch.eye(2)[None], torch.nn.Linear(2, 5))
    >>> tuple(logits.shape), tuple(logits[:, -1].shape), tuple(logits.of([0], [1], [[3, 4]])[0].shape)
    ((1, 2, 5), (1, 5), (2,))
    """

    def __init__(self, hidden: Tensor, head: torch.nn.Linear) -> None:
        self._hidden, self._head = hidden, head

    @property
    def shape(self) -> tuple[int, int, int]:
        rows, places, _ = self._hidden.shape
        return rows, places, self._head.weight.shape[0]

    @property
    def device(self) -> torch.device:
        return self._hidden.device

    def __getitem__(self, at: Any) -> Tensor:
        """The full logits at some (row, place), as of a tensor."""
        logits: Tensor = self._head(self._hidden[at])
        return logits

    def rows(self, rows: Sequence[int]) -> Logits:
        """These rows, in this order; nothing is computed."""
        return Logits(self._hidden[list(rows)], self._head)

    def of(self, rows: Sequence[int], places: Sequence[int], ids: Sequence[Any]) -> list[Tensor]:
        """At each (row, place) the logits of the tokens ``ids[i]`` only."""
        weight, bias = self._head.weight, self._head.bias
        found = []
        for hidden, some in zip(self._hidden[list(rows), list(places)], ids, strict=True):
            index = torch.as_tensor(some, device=weight.device)
            part = torch.nn.functional.linear(
                hidden, weight.index_select(0, index), None if bias is None else bias.index_select(0, index)
            )
            found.append(part)
        return found


def last_layer(model: Any) -> tuple[Any, torch.nn.Linear] | None:
    """What computes the last hidden states, and the output matrix; None where logits are not their product.

    Cost: a pass over one token, once for a model.
    """
    base = getattr(model, "base_model", None)
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if base is None or base is model or type(head) is not torch.nn.Linear:
        return None
    known = _known.get(model)
    if known is None:
        known = _known[model] = _is_product(model, base, head)
    return (base, head) if known else None


def _is_product(model: Any, base: Any, head: torch.nn.Linear) -> bool:
    seen: dict[str, Any] = {}
    hooks = [
        base.register_forward_hook(
            lambda *call: seen.update(hidden=getattr(call[-1], "last_hidden_state", None))
        ),
        head.register_forward_hook(lambda *call: seen.update(into=call[1][0], out=call[-1])),
    ]
    try:
        with torch.inference_mode():
            logits = model(input_ids=torch.zeros((1, 1), dtype=torch.long, device=head.weight.device)).logits
    except Exception:  # whatever it needs beside tokens: it is asked in the usual way then
        return False
    finally:
        for hook in hooks:
            hook.remove()
    hidden, into, out = (seen.get(name) for name in ("hidden", "into", "out"))
    if hidden is None or into is None or out is None:
        return False
    return bool(torch.equal(hidden, into) and torch.equal(out.float(), logits.float()))
