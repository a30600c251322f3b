"""What is sampled: a model after a prompt, the strings of a constraint, and a bound on their length.

P is the model's law over outputs (temperature, then top-k and top-p folded into each p, *before* any
mask, because a weight means nothing otherwise), L the outputs that the constraint allows.  With
``max_tokens`` = N the law every sampler here aims at is P(. | L, length <= N): an output is only
whole with its end, so one that is cut off is none at all.

Outputs run side by side in *waves*, which feed the model what it has not seen yet and count its work.
Knows nothing about how tokens are chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from structgen.decode.forward import CausalBatch, takes_ragged_batches
from structgen.decode.matching import ConstraintLike, MatcherLike, allowed_tokens
from structgen.decode.sampling import SamplingLaw, log_probabilities
from structgen.errors import BudgetTooSmall, InvalidRequest, StructgenError

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


def log_sum_exp(values: Floats) -> float:
    """log of the sum of exp, in float64; -inf for nothing."""
    peak = float(values.max(initial=-math.inf))
    return peak if math.isinf(peak) else peak + math.log(float(np.exp(values - peak).sum()))


class Target:
    """The law to sample, and the only door to the model.

    ``passes`` counts rows through the model, the prompt's included: a batch of eight is eight, a
    chunk of tokens fed together is one.

    Raises BudgetTooSmall when not even the shortest known output fits in ``max_tokens``; InvalidRequest
    at temperature 0, where there is nothing to sample.
    """

    def __init__(
        self,
        model: Any,
        prompt: Sequence[int],
        constraint: ConstraintLike,
        law: SamplingLaw,
        max_tokens: int,
        batch_size: int = 16,
    ) -> None:
        if law.greedy:
            raise InvalidRequest(
                "temperature=0 has no law to align with: the most probable whole output is a search, "
                'not a sample; use sampler="masked" or a temperature above 0'
            )
        if law.truncates and law.truncate == "allowed":
            raise InvalidRequest(
                'truncate="allowed" narrows what the mask leaves, which no weight can undo; aligned samplers '
                'take truncate="model", where top_k and top_p are part of the model\'s law'
            )
        if law.repetition_penalty != 1 or law.presence_penalty or law.frequency_penalty:
            raise InvalidRequest(
                "penalties make every token depend on those before it in a way that aligned samplers do not "
                'follow; leave them out, or take sampler="masked"'
            )
        needed = constraint.matcher().distance()
        if needed > max_tokens:
            raise BudgetTooSmall(needed, max_tokens)
        self.model, self.prompt, self.constraint, self.law = model, list(prompt), constraint, law
        self.max_tokens = max_tokens
        self.passes = 0
        self.batch_size = batch_size if takes_ragged_batches(model) else 1
        self.end_ids = frozenset(constraint.vocabulary.eos_ids)
        self._ends = np.array(sorted(self.end_ids), dtype=np.int64)
        if not len(self._ends):
            raise InvalidRequest(
                "this vocabulary has no end token, so an output is never whole and has no probability of "
                "its own; give the vocabulary an end token (eos=)"
            )
        self._start: CausalBatch | None = None
        self._start_log_p: Floats | None = None

    def allowed(self, matcher: MatcherLike, depth: int) -> Ids:
        """The tokens that may follow ``depth`` tokens, ascending: at the bound only the end."""
        found = np.array(allowed_tokens(matcher.mask()), dtype=np.int64)
        if len(self._ends) > 1:  # the first stands for all of them: see log_p_of
            found = found[~np.isin(found, self._ends[1:])]
        return found if depth < self.max_tokens else found[found == self._ends[0]]

    @torch.inference_mode()
    def start(self) -> Floats:
        """log p (V,) of the first token."""
        if self._start_log_p is None:
            self._start = CausalBatch(self.model, 1)
            self._start_log_p = self.log_p_of(self._start.feed([self.prompt], 1))[0, 0]
            self.passes += 1
        return self._start_log_p

    @torch.inference_mode()
    def batch(self) -> Any:
        """One row of the model behind the prompt: a `CausalBatch`, or what can do the same."""
        self.start()
        assert self._start is not None
        return self._start.fork()

    def wave(self, rows: int) -> Wave:
        """``rows`` outputs to begin, all behind the same pass over the prompt."""
        return Wave(self, rows)

    def log_p_of(self, logits: torch.Tensor) -> Floats:
        """log p (B, keep, V) in float64, after temperature and truncation.

        Where there are several end tokens they are one event, as everywhere: the first has the probability
        of all of them, the others none.
        """
        log_p = log_probabilities(logits.flatten(0, 1), self.law).reshape(logits.shape)
        found: Floats = log_p.double().cpu().numpy()
        if len(self._ends) > 1:
            found[..., self._ends[0]] = np.logaddexp.reduce(found[..., self._ends], axis=-1)
            found[..., self._ends[1:]] = -math.inf
        if np.isnan(found).any():
            raise StructgenError(
                "the model returned NaN instead of logits; check its weights and its floating-point type"
            )
        return found


class Wave:
    """Outputs side by side in the model, ``target.batch_size`` rows in a pass.

    Outputs that have asked the same questions so far share a row, which is copied where they part.
    ``paid``: for each output, whether the last pass had a row on its account.
    """

    def __init__(self, target: Target, rows: int) -> None:
        self._target = target
        self._row_of = [0] * rows
        self._fed = [0]  # tokens of each row behind the prompt
        self._parts = [target.batch()] if rows else []  # the rows in order, some in each
        self.paid = [False] * rows

    def log_p(self, sequences: Sequence[Sequence[int]], counts: Sequence[int]) -> list[Floats]:
        """For each output (counts[i], V): log p after the last ``counts[i]`` prefixes of its tokens.

        ``sequences[i]``, at least one token, extends what output i gave before, and the places
        asked for are new ones, except that the first may be the prompt's end.
        """
        asked = [(row, tuple(tokens)) for row, tokens in zip(self._row_of, sequences, strict=True)]
        distinct = sorted(set(asked))
        self._place([row for row, _ in distinct])
        number = {question: row for row, question in enumerate(distinct)}
        self._row_of = [number[question] for question in asked]
        wanted = [0] * len(distinct)
        self.paid = []
        for row, count in zip(self._row_of, counts, strict=True):
            self.paid.append(not wanted[row])
            wanted[row] = max(wanted[row], count)
        chunks = [list(tokens[fed:]) for (_, tokens), fed in zip(distinct, self._fed, strict=True)]
        self._fed = [len(tokens) for _, tokens in distinct]
        answers = self._feed(chunks, wanted)
        return [answers[row][-count:] for row, count in zip(self._row_of, counts, strict=True)]

    def keep(self, outputs: Sequence[int]) -> None:
        """Go on with these outputs, in this order; one may be named more than once, or not at all."""
        self._row_of = [self._row_of[output] for output in outputs]

    @torch.inference_mode()
    def _feed(self, chunks: Sequence[Sequence[int]], counts: Sequence[int]) -> list[Floats]:
        self._target.passes += len(chunks)
        found: list[Floats] = []
        first = 0
        for batch in self._parts:
            mine, wanted = chunks[first : first + batch.rows], counts[first : first + batch.rows]
            first += batch.rows
            log_p = self._target.log_p_of(batch.feed(mine, min(max(wanted), max(map(len, mine)))))
            for row, (count, chunk) in enumerate(zip(wanted, mine, strict=True)):
                places = log_p[row, -min(count, len(chunk)) :]
                before = [self._target.start()[None]] if count > len(chunk) else []
                found.append(np.concatenate([*before, places]))
        return found

    @torch.inference_mode()
    def _place(self, sources: Sequence[int]) -> None:
        """Row i goes on from what row ``sources[i]`` was; ascending, so that every part keeps its own."""
        if list(sources) == list(range(len(self._fed))):
            return
        size, parts, first = self._target.batch_size, list[Any](), 0
        for batch in self._parts:
            mine = [row - first for row in sources if first <= row < first + batch.rows]
            first += batch.rows
            pieces = [mine[at : at + size] for at in range(0, len(mine), size)]
            copies = [batch, *(batch.fork() for _ in pieces[1:])]
            for piece, copied in zip(pieces, copies, strict=False):
                copied.select(piece)
                # A pass costs about the same for few rows as for many: what fits together goes together.
                if parts and parts[-1].rows + len(piece) <= size:
                    parts[-1].join(copied)
                else:
                    parts.append(copied)
        self._parts = parts
        self._fed = [self._fed[row] for row in sources]
