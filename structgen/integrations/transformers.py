"""`LogitsProcessor`: a constraint inside transformers' own ``generate``.

transformers calls a processor with token ids and scores and says nothing else: beams are permuted
without notice, assisted decoding goes back and tries other tokens, prompt lookup asks about drafts
that were never accepted, finished rows keep coming with padding.  So the state kept here is a pure
function of the generated prefix: a trie whose nodes hold one matcher each, forked from their parent.

Scores are never changed in place: the buffer belongs to the caller, and prompt lookup reuses it.

For decoding without these detours, and with budgets, forced tokens and typed values, use
`structgen.generate`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from structgen.decode.matching import mask_words, token_bits
from structgen.decode.sampling import unpack_mask
from structgen.errors import IntegrationError


class _Node:
    """A generated prefix: its matcher, or None where the prefix is not allowed or already ended."""

    __slots__ = ("children", "ended", "matcher")

    def __init__(self, matcher: Any, ended: bool) -> None:
        self.matcher = matcher
        self.ended = ended
        self.children: dict[int, _Node] = {}

    def child(self, token: int) -> _Node:
        found = self.children.get(token)
        if found is None:
            matcher = None if self.matcher is None else self.matcher.fork()
            if matcher is not None and matcher.try_advance([token]) == 0:
                matcher = None
            ended = self.ended or (matcher is not None and matcher.is_terminated)
            found = self.children[token] = _Node(None if ended else matcher, ended)
        return found


class LogitsProcessor(transformers.LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
    """Keeps transformers' ``generate`` within a constraint, in every one of its modes.

    Greedy and sampled, batches with left padding, ``num_return_sequences``, beams, assisted decoding,
    prompt lookup and early exit.  Give the same object to one ``generate`` call; a new prompt starts
    anew, ``reset()`` makes that explicit.  transformers' own length limits still cut outputs short:
    give room, or use ``structgen.generate``, which always finishes.

    ``assistant_width``: the logits width of an assistant model with *another* tokenizer; its drafts
    pass unmasked and are checked when the main model verifies them.

    Scores narrower than the vocabulary raise IntegrationError; in wider ones every id beyond the
    vocabulary is masked.  Cost per step and row: one fork, one advance, one mask.

    >>> import structgen, torch
    >>> pocket = structgen.load()
    >>> width = pocket.model.config.vocab_size
    >>> vocabulary = structgen.Vocabulary.from_tokenizer(pocket.tokenizer, width=width)
    >>> constraint = structgen.compile(structgen.choice(["yes", "no"]), vocabulary)
    >>> ids = pocket.tokenizer("Is water wet?", return_tensors="pt").input_ids
    >>> out = pocket.model.generate(ids, logits_processor=[LogitsProcessor(constraint)], max_new_tokens=8)
    >>> vocabulary.decode(out[0, ids.shape[1]:].tolist()).decode() in ("yes", "no")
    True
    """

    supports_continuous_batching = False

    def __init__(self, constraint: Any, *, assistant_width: int | None = None) -> None:
        self._constraint = constraint
        self._vocabulary = constraint.vocabulary
        self._assistant_width = assistant_width
        self._ends = token_bits(sorted(self._vocabulary.eos_ids), self._vocabulary.width)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next call starts a new generation."""
        self._root = _Node(self._constraint.matcher(), ended=False)
        self._prompt_length = -1
        self._longest = -1
        self._prompts: set[tuple[int, ...]] = set()
        self._last: dict[int, tuple[list[int], _Node]] = {}

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (B, V) with -inf for every token not allowed after ``input_ids`` (B, L)."""
        width = scores.shape[-1]
        if width == self._assistant_width and width != self._vocabulary.width:
            return scores
        if width < self._vocabulary.size:
            raise IntegrationError(
                f"the model gives {width} logits but the constraint's vocabulary has {self._vocabulary.size} "
                "ids; build the Vocabulary from this model's tokenizer, or name the width of an assistant "
                "model with another tokenizer: LogitsProcessor(constraint, assistant_width=…)"
            )
        self._notice_new_generation(input_ids)
        rows = input_ids[:, self._prompt_length :].tolist()
        words = np.empty((len(rows), mask_words(self._vocabulary.width)), dtype=np.uint32)
        free = np.zeros(len(rows), dtype=bool)
        for place, tokens in enumerate(rows):
            node = self._node(place, tokens)
            if node.matcher is not None:
                node.matcher.fill_mask(words, place)
            elif node.ended:
                free[place] = True  # finished: what comes here is padding
                words[place] = 0
            else:
                words[place] = self._ends  # a draft that will be refused: the end is all it may lead to
        allowed = unpack_mask(torch.from_numpy(words.view(np.int32)).to(scores.device), width)
        allowed |= torch.from_numpy(free).to(scores.device)[:, None]
        return scores.masked_fill(~allowed, -float("inf"))

    def _notice_new_generation(self, input_ids: Tensor) -> None:
        """Within one generation every length is at most one more than the longest seen so far."""
        length = int(input_ids.shape[1])
        known = (
            0 <= self._prompt_length <= length <= self._longest + 1
            and tuple(input_ids[0, : self._prompt_length].tolist()) in self._prompts
        )
        if not known:
            self.reset()
            # Rows are padded on the left, so the prompts of all rows end at the same place.
            self._prompt_length = length
            self._prompts = {tuple(row) for row in input_ids.tolist()}
        self._longest = max(self._longest, length)

    def _node(self, place: int, tokens: list[int]) -> _Node:
        before, node = self._last.get(place, ([], self._root))
        if tokens[:-1] == before and tokens:
            node = node.child(tokens[-1])
        elif tokens != before:
            node = self._root
            for token in tokens:
                node = node.child(token)
        self._last[place] = (tokens, node)
        return node
