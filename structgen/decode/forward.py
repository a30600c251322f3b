"""A batch of rows going through a causal model with one key-value cache.

Rows take chunks of different lengths in one pass.  A shorter chunk is padded on its left; the
slots this leaves in the cache stay there as holes, hidden by the attention mask, while every row
counts its own positions.  Holes cost memory, so the cache is compacted once they take more than a
third of it.  Between passes rows can be selected, repeated and dropped, rows of another batch can join,
and each row can take back its last tokens.

That needs cache layers that keep every key and value (transformers' DynamicLayer).  A model with
another cache (sliding windows, recurrent states) counts slots rather than positions and must be
run one row at a time, where no holes arise: ``takes_ragged_batches`` says which.

Knows nothing about masks, grammars or sampling.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from structgen.decode.head import Logits, last_layer
from structgen.errors import IntegrationError

FILL_ON_CPU = 0.5
"""The share of rows that must have a token for a column of a pass, where its time grows with its width."""

_MIN_HOLES = 64  # compacting copies the whole cache: not for a handful of slots


def new_cache(model: Any) -> Any:
    """An empty cache of the kind the model wants, or None where the model makes its own."""
    try:
        from transformers import DynamicCache
    except ImportError:
        raise IntegrationError("generate needs transformers; pip install 'structgen[hf]'") from None
    supported = getattr(model, "_supports_default_dynamic_cache", None)
    if callable(supported) and not supported():
        return None
    return DynamicCache(config=model.config)


def takes_ragged_batches(model: Any) -> bool:
    """Whether rows of different lengths can share a pass: every cache layer keeps every position."""
    from transformers.cache_utils import DynamicLayer

    cache = new_cache(model)
    if cache is None:
        return False
    kinds: list[Any] = [type(layer) for layer in cache.layers] or [cache.layer_class_to_replicate]
    return all(kind is DynamicLayer for kind in kinds)


def context_length(model: Any) -> int | None:
    """How many tokens prompt and output may take together; None where the model sets no bound."""
    config = _text_config(model)
    length = getattr(config, "max_position_embeddings", None)
    return int(length) if isinstance(length, int) and length > 0 else None


def logits_width(model: Any) -> int:
    """How many logits the model returns; it may exceed the number of tokens."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    weight = getattr(head, "weight", None)
    return int(weight.shape[0] if weight is not None else _text_config(model).vocab_size)


def _text_config(model: Any) -> Any:
    config = model.config
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def _accepted(model: Any) -> set[str]:
    """The arguments that reach ``forward``, through wrappers that pass on what they do not name."""
    names: set[str] = set()
    while model is not None:
        parameters = inspect.signature(model.forward).parameters
        names |= parameters.keys()
        passes_on = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        # Adapters (PEFT) have the method, torch's own wrappers the attribute.
        wrapped = getattr(model, "get_base_model", lambda held=model: getattr(held, "module", None))
        model = wrapped() if passes_on else None
    return names


class CausalBatch:
    """The model side of a batch: feed chunks, get logits; the cache stays inside."""

    def __init__(self, model: Any, rows: int) -> None:
        self._model = model
        self._cache = new_cache(model)
        embeddings = model.get_input_embeddings()
        self._device = embeddings.weight.device
        self._accepts = _accepted(model)
        self._lengths = [0] * rows  # tokens of each row in the cache, holes not counted
        self._visible: Tensor | None = None  # bool (B, T): which cache slots hold tokens; None: all of them
        self._slots = 0  # T

    @property
    def rows(self) -> int:
        return len(self._lengths)

    @property
    def on_accelerator(self) -> bool:
        """Whether the model works on a device of its own, while the processor does something else."""
        return bool(self._device.type != "cpu")

    @property
    def fill(self) -> float:
        """The share of rows that makes up for another column; on accelerators small passes cost the same."""
        return 0.0 if self.on_accelerator else FILL_ON_CPU

    def feed(self, chunks: Sequence[Sequence[int]], keep: int) -> Tensor:
        """Logits (B, ``keep``, V) of the last ``keep`` places of the pass.

        ``chunks[i]`` are the next tokens of row i, at least one; a row with fewer than ``keep`` has
        meaningless logits in front.
        """
        arguments, visible = self._arguments(chunks)
        if "logits_to_keep" in self._accepts:
            arguments["logits_to_keep"] = keep
        logits: Tensor = self._pass(self._model, arguments, chunks, visible).logits
        return logits[:, -keep:]

    def feed_lazily(self, chunks: Sequence[Sequence[int]], keep: int) -> Tensor | Logits:
        """The same, computed as far as it is asked for, where the model's last layer allows it."""
        last = last_layer(self._model)
        if last is None:
            return self.feed(chunks, keep)
        base, head = last
        arguments, visible = self._arguments(chunks)
        hidden: Tensor = self._pass(base, arguments, chunks, visible).last_hidden_state
        return Logits(hidden[:, -keep:], head)

    def _arguments(self, chunks: Sequence[Sequence[int]]) -> tuple[dict[str, Any], Tensor | None]:
        """What the model is given, and which slots of the cache will then hold tokens."""
        longest = max(len(chunk) for chunk in chunks)
        ids = torch.tensor(
            [[0] * (longest - len(chunk)) + list(chunk) for chunk in chunks], device=self._device
        )
        arguments: dict[str, Any] = {"input_ids": ids, "past_key_values": self._cache, "use_cache": True}
        if any(len(chunk) < longest for chunk in chunks) and self._visible is None:
            self._visible = torch.ones((self.rows, self._slots), dtype=torch.bool, device=self._device)
        visible = self._visible
        if visible is not None:
            place = torch.arange(longest, device=self._device)
            start = torch.tensor([longest - len(chunk) for chunk in chunks], device=self._device)[:, None]
            lengths = torch.tensor(self._lengths, device=self._device)[:, None]
            visible = torch.cat([visible, place >= start], dim=1)
            arguments["attention_mask"] = visible.long()
            if "position_ids" in self._accepts:
                arguments["position_ids"] = (lengths + place - start).clamp(min=0)
        return arguments, visible

    def _pass(
        self,
        model: Any,
        arguments: dict[str, Any],
        chunks: Sequence[Sequence[int]],
        visible: Tensor | None,
    ) -> Any:
        """What ``model`` (or its part that computes hidden states) says; the cache goes on."""
        try:
            output = model(**arguments)
        except BaseException:
            self._take_back_slots()
            raise
        self._cache, self._visible = output.past_key_values, visible
        self._slots += max(len(chunk) for chunk in chunks)
        self._lengths = [have + len(chunk) for have, chunk in zip(self._lengths, chunks, strict=True)]
        return output

    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; a row may be named more than once, or not at all."""
        if list(rows) == list(range(self.rows)):
            return
        self._lengths = [self._lengths[row] for row in rows]
        index = torch.tensor(list(rows), device=self._device)
        self._cache.batch_select_indices(index)
        if self._visible is not None:
            self._visible = self._visible[index]
            self._compact()

    def fork(self) -> CausalBatch:
        """The same rows once more, with a cache of their own; the model is shared."""
        found = copy.copy(self)
        found._cache, found._lengths = copy.deepcopy(self._cache), list(self._lengths)
        return found

    def _take_back_slots(self) -> None:
        """After a pass that failed half-way: some layers have its keys, others do not."""
        for layer in getattr(self._cache, "layers", ()):
            if getattr(layer, "keys", None) is not None and layer.keys.dim() == 4:
                layer.keys, layer.values = layer.keys[:, :, : self._slots], layer.values[:, :, : self._slots]

    def retract(self, counts: Sequence[int]) -> None:
        """Take back the last ``counts[i]`` tokens of row i; all of them were fed in the last pass."""
        if not any(counts):
            return
        least = min(counts)
        if least:
            self._slots -= least
            for layer in self._cache.layers:
                layer.keys, layer.values = layer.keys[:, :, : self._slots], layer.values[:, :, : self._slots]
            if self._visible is not None:
                self._visible = self._visible[:, : self._slots]
        if max(counts) > least:
            if self._visible is None:
                self._visible = torch.ones((self.rows, self._slots), dtype=torch.bool, device=self._device)
            slot = torch.arange(self._slots, device=self._device)
            bound = torch.tensor([self._slots - (count - least) for count in counts], device=self._device)
            self._visible = self._visible & (slot < bound[:, None])
        self._lengths = [have - count for have, count in zip(self._lengths, counts, strict=True)]

    def join(self, other: CausalBatch) -> None:
        """Take the rows of ``other`` in behind one's own; ``other`` is used up.

        Cost: a copy of both caches.
        """
        slots = max(self._slots, other._slots)
        if self._slots < slots or other._slots < slots or self._visible is not None:
            self._show_all()
        if self._visible is not None or other._visible is not None:
            self._show_all()
            other._show_all()
            assert self._visible is not None and other._visible is not None
            self._visible = torch.cat([_pad(self._visible, slots, 1), _pad(other._visible, slots, 1)])
        for mine, theirs in zip(self._cache.layers, other._cache.layers, strict=True):
            for name in ("keys", "values"):
                both = [_pad(getattr(layer, name), slots, 2) for layer in (mine, theirs)]
                setattr(mine, name, torch.cat(both))
        self._lengths += other._lengths
        self._slots = slots

    def _show_all(self) -> None:
        if self._visible is None:
            self._visible = torch.ones((self.rows, self._slots), dtype=torch.bool, device=self._device)

    def compact_if_worthwhile(self) -> None:
        """Close the holes once they take more than a third of the cache."""
        if self._visible is not None and self._slots > 1.5 * max(self._lengths) + _MIN_HOLES:
            self._compact()

    def _compact(self) -> None:
        """Move every row's tokens to the right end, in order; drop the slots nobody needs."""
        assert self._visible is not None
        keep = max(self._lengths)
        if keep < self._slots:
            # A stable sort brings holes to the front and leaves tokens in order.
            order = self._visible.to(torch.int8).sort(dim=1, stable=True).indices[:, -keep:]
            for layer in self._cache.layers:
                for name in ("keys", "values"):
                    kept = getattr(layer, name)
                    index = order.to(kept.device)[:, None, :, None].expand(
                        -1, kept.shape[1], -1, kept.shape[3]
                    )
                    setattr(layer, name, kept.gather(2, index))
            self._visible = self._visible.gather(1, order)
            self._slots = keep
        if min(self._lengths) == keep:
            self._visible = None


def _pad(tensor: Tensor, slots: int, dim: int) -> Tensor:
    """Zeros in front along ``dim`` until it is ``slots`` long."""
    missing = slots - tensor.shape[dim]
    if not missing:
        return tensor
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor.new_zeros(shape), tensor], dim=dim)
