"""Partial outputs of one prompt, side by side: fork them, extend them, drop them.

A `Candidate` is a prefix with its matcher, budget and log-probabilities.  A `Frontier` keeps one cache row
for each candidate and answers with log p~ of every next token.  Searches say which candidates go on.

Knows nothing about what makes a candidate good.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from structgen.decode.budget import Budget
from structgen.decode.call import Session
from structgen.decode.forward import CausalBatch
from structgen.decode.law import SamplingLaw
from structgen.decode.matching import mask_words, spelled
from structgen.decode.prompt import encode_prompt
from structgen.decode.request import resolve
from structgen.decode.result import Generation, Stats
from structgen.decode.sampling import log_probabilities, unpack_mask
from structgen.errors import InvalidRequest


@dataclass
class Candidate:
    """A prefix of an output: its tokens, its state, and log p, log p~ and log Z of every step."""

    matcher: Any
    tokens: list[int]
    logprobs: list[float]
    masked_logprobs: list[float]
    log_z: list[float]
    budget: Budget
    ended: bool = False

    @property
    def left(self) -> int:
        """How many tokens may follow."""
        return self.budget.left

    @property
    def score(self) -> float:
        """log of the probability under the local law so far."""
        return sum(self.masked_logprobs)

    def fork(self) -> Candidate:
        """An independent copy; constant time but for the figures."""
        matcher = self.matcher.fork()
        return Candidate(
            matcher,
            list(self.tokens),
            list(self.logprobs),
            list(self.masked_logprobs),
            list(self.log_z),
            self.budget.fork(matcher),
        )


@dataclass
class Steps:
    """What may come next: log p and log p~ (B, V) of the candidates asked about, and log Z of each."""

    log_p: Tensor
    masked: Tensor
    log_z: list[float]

    def entropy(self, row: int) -> float:
        """The entropy of p~, in nats."""
        masked = self.masked[row].double()
        return float(-(masked.exp() * masked.masked_fill(torch.isinf(masked), 0.0)).sum())

    def best(self, row: int, count: int) -> list[int]:
        """The most probable allowed tokens, best first."""
        found = self.masked[row].topk(min(count, self.masked.shape[-1]))
        return [
            token
            for token, value in zip(found.indices.tolist(), found.values.tolist(), strict=True)
            if value > -math.inf
        ]


class Frontier:
    """The model side of a search; one cache row for each candidate that was asked about last.

    ``max_tokens`` bounds every candidate: a token after which it could not be finished is never taken.
    """

    def __init__(
        self,
        model: Any,
        prompt: Any,
        constraint: Any,
        *,
        tokenizer: Any = None,
        max_tokens: int = 256,
        temperature: float = 1.0,
    ) -> None:
        asked = {"grammar": constraint} if hasattr(constraint, "matcher") else {}
        session = Session(model, tokenizer, asked)
        self.vocabulary = session.vocabulary
        if asked:
            self._read: Callable[[str], Any] = getattr(constraint.grammar, "parse", str)
        else:
            kind = "choice" if isinstance(constraint, (list, tuple)) else "schema"
            constraint, self._read = resolve(self.vocabulary, **{kind: constraint}, options={})
        self.prompt = encode_prompt(prompt, session.tokenizer, self.vocabulary)
        room = max_tokens if session.context is None else session.context - len(self.prompt)
        self.max_tokens = min(max_tokens, max(0, room))
        self.constraint = constraint
        self._names = getattr(constraint, "named_tokens", None)
        self.law = SamplingLaw(temperature)
        self.stats = Stats(prompt_tokens=len(self.prompt))
        self._ends = sorted(self.vocabulary.eos_ids)
        self._forward = CausalBatch(session.model, 1)
        self._fresh = True

    def start(self) -> Candidate:
        """The empty output; BudgetTooSmall where none can be finished."""
        matcher = self.constraint.matcher()
        return Candidate(matcher, [], [], [], [], Budget(matcher, self.max_tokens))

    @torch.inference_mode()
    def steps(self, candidates: Sequence[Candidate], rows: Sequence[int]) -> Steps:
        """What may come next for each candidate.

        ``rows[i]``: the place, in the call before, of the candidate that ``candidates[i]`` extends by one
        token (0 in the first call, where candidates are empty).  One that is over may be asked about to
        keep its row in step with the others; the answer means nothing.  Cost: one pass.
        """
        if self._fresh:
            self._fresh = False
            logits = self._forward.feed([self.prompt], 1)[[0] * len(candidates), -1]
            self._forward.select([0] * len(candidates))
        else:
            self._forward.select(rows)
            logits = self._forward.feed([one.tokens[-1:] or [0] for one in candidates], 1)[:, -1]
        self.stats.forward_passes += 1
        words = np.zeros((len(candidates), mask_words(self.vocabulary.width)), dtype=np.uint32)
        for place, one in enumerate(candidates):
            one.matcher.fill_mask(words, place)
        log_p = log_probabilities(logits, self.law)
        allowed = unpack_mask(torch.from_numpy(words.view(np.int32)).to(logits.device), logits.shape[-1])
        masked = log_p.masked_fill(~allowed, -math.inf)
        log_z = torch.logsumexp(masked, dim=-1)
        dead = torch.isinf(log_z)[:, None]
        masked = torch.where(dead & allowed, 0.0, masked)
        return Steps(log_p, torch.log_softmax(masked, dim=-1), log_z.tolist())

    def take_back(self, passes: int) -> None:
        """Forget what the last ``passes`` calls of ``steps`` fed; they kept all rows and their order."""
        self._forward.retract([passes] * self._forward.rows)

    def sample(self, candidate: Candidate, steps: Steps, row: int, rng: np.random.Generator) -> Candidate:
        """``candidate`` with a token drawn from p~ among those that fit its budget."""
        weights = steps.masked[row].double().exp().cpu().numpy()
        ids = np.flatnonzero(weights)
        keys = rng.standard_exponential(len(ids)) / weights[ids]
        for token in ids[np.argsort(keys, kind="stable")[:32]].tolist():
            longer = self.extend(candidate, token, steps, row)
            if longer is not None:
                return longer
        return self.expand(candidate, steps, row, 1)[0]

    def extend(self, candidate: Candidate, token: int, steps: Steps, row: int) -> Candidate | None:
        """``candidate`` with one more token; None where it could not be finished in its budget."""
        longer = candidate.fork()
        if token in self._ends:
            longer.ended = True
        elif longer.budget.take(token):
            longer.tokens.append(token)
        else:
            return None
        ends = self._ends if longer.ended else [token]
        longer.logprobs.append(float(torch.logsumexp(steps.log_p[row, ends].double(), -1)))
        longer.masked_logprobs.append(float(torch.logsumexp(steps.masked[row, ends].double(), -1)))
        longer.log_z.append(steps.log_z[row])
        return longer

    def expand(self, candidate: Candidate, steps: Steps, row: int, count: int) -> list[Candidate]:
        """Up to ``count`` extensions by the most probable tokens that fit; at least one, by the known way."""
        found: list[Candidate] = []
        seen_end = False
        for token in steps.best(row, count + len(self._ends) + 32):
            if token in self._ends:
                if seen_end:
                    continue
                seen_end = True
            longer = self.extend(candidate, token, steps, row)
            if longer is not None:
                found.append(longer)
            if len(found) == count:
                return found
        if not found:
            plan = candidate.budget.plan()
            longer = self.extend(candidate, plan[0] if plan else self._ends[0], steps, row)
            found = [] if longer is None else [longer]
        return found

    def is_over(self, candidate: Candidate) -> bool:
        """Whether nothing may follow: it ended, or its budget is used up."""
        return candidate.ended or (candidate.left == 0 and candidate.matcher.can_stop)

    def spelled(self, candidate: Candidate) -> bytes:
        """The bytes of a candidate's tokens, special tokens as their names."""
        return spelled(candidate.tokens, self.vocabulary, self._names)

    def generation(self, candidate: Candidate, law: str) -> Generation:
        """A finished candidate as a result; the search's passes are in its ``stats``."""
        text = self.spelled(candidate).decode("utf-8", "replace")
        figures = len(candidate.tokens)
        return Generation(
            text=text,
            value=self._read(text),
            tokens=candidate.tokens,
            logprobs=candidate.logprobs[:figures],
            masked_logprobs=candidate.masked_logprobs[:figures],
            log_mass=sum(candidate.log_z),
            finish_reason="stop" if candidate.ended else "complete",
            law=law,
            end_logprob=candidate.logprobs[figures] if candidate.ended else None,
            end_masked_logprob=candidate.masked_logprobs[figures] if candidate.ended else None,
            stats=self.stats,
        )


def check_count(name: str, value: object) -> None:
    """Raises InvalidRequest unless ``value`` is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest(f"{name} must be an integer >= 1, got {value!r}")
