"""The state of one output while it grows: its matcher, budget, tokens and figures.

A row alternates between two things: *settle*, which appends whatever is forced and finds out
whether the output has ended, without the model; and *choose*, which takes one drawn token.  Forced
tokens wait to be scored: the next pass through the model feeds them as one chunk.

Knows nothing about batches, caches or devices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from structgen.decode.budget import Budget
from structgen.decode.matching import MaskArray, MatcherLike, VocabularyLike, token_bits
from structgen.decode.result import FinishReason, Stats
from structgen.decode.sampling import Draws, SamplingLaw

MAX_REDRAWS = 32
"""How many draws that do not fit the budget are repeated at one place before the plan's token is taken.

Every repetition costs an advance, a distance (milliseconds for a large schema) and a rollback.  Where
the model would go on and next to nothing fits, such as the last tokens inside a long text, more
repetitions were measured to cost several times the model's own passes.
"""


class Row:
    """One output: ``index`` in the call, its prompt, and everything decided so far.

    ``weights``: whether forced tokens behind the last draw are scored too, in one more pass.
    ``names``: what stands in the text for tokens that have none but are asked for by the grammar.
    """

    def __init__(
        self,
        index: int,
        prompt: Sequence[int],
        matcher: MatcherLike,
        vocabulary: VocabularyLike,
        *,
        max_tokens: int,
        seed: int = 0,
        weights: bool = True,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.index = index
        self.prompt = list(prompt)
        self.matcher = matcher
        self.budget = Budget(matcher, max_tokens)
        self.rng = np.random.default_rng([seed, index])
        self.stats = Stats(prompt_tokens=len(self.prompt))
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.masked_logprobs: list[float] = []
        self.log_z: list[float] = []
        self.end_logprob: float | None = None
        self.end_masked_logprob: float | None = None
        self.finish_reason: FinishReason | None = None
        self.unscored = 0  # forced tokens at the end of ``tokens`` that no pass has scored yet
        self.end_unscored = False
        self.fed = 0  # tokens of prompt and output that are in the model's cache
        self.mask: MaskArray | None = None  # the mask of the present state, where it is known already
        self.vocabulary = vocabulary
        self._names = names or {}
        self._end_ids = sorted(vocabulary.eos_ids)
        self._end_set = frozenset(self._end_ids)
        self._end_bits = token_bits(self._end_ids, vocabulary.width)
        self._weights = weights

    @property
    def wants_model(self) -> bool:
        """Whether a pass through the model is still needed, for a draw or for figures."""
        if self.finish_reason is None:
            return True
        return self._weights and (self.unscored > 0 or self.end_unscored)

    @property
    def draws_next(self) -> bool:
        """Whether all tokens are in the cache and the next one is to be drawn."""
        return self.finish_reason is None and self.fed == len(self.prompt) + len(self.tokens)

    def settle(self) -> None:
        """Append forced tokens, and notice the end where nothing else can follow."""
        self.mask = None
        while True:
            if self.matcher.can_stop:
                mask = self.matcher.mask()
                only_end = not np.any(mask & ~self._end_bits)
                if only_end or self.budget.left == 0:
                    self.finish_reason = "complete"
                    # An end brought by the budget was no choice of the grammar: it has no figures.
                    self.end_unscored = only_end and bool(self._end_ids)
                else:
                    self.mask = mask
                return
            forced = self.matcher.forced_tokens()
            if not forced:
                return
            accepted = self.matcher.try_advance(forced)
            if accepted == 0:
                return
            self._append_forced(forced[:accepted])

    def _append_forced(self, tokens: list[int]) -> None:
        self.budget.spend_forced(tokens)
        self.tokens += tokens
        self.logprobs += [math.nan] * len(tokens)
        self.masked_logprobs += [0.0] * len(tokens)
        self.log_z += [math.nan] * len(tokens)
        self.unscored += len(tokens)
        self.stats.forced_tokens += len(tokens)

    def score_forced(self, logprobs: Sequence[float]) -> None:
        """Fill in log p of the oldest unscored forced tokens; Z of a forced token is its own p."""
        start = len(self.tokens) - self.unscored
        stop = start + len(logprobs)
        self.logprobs[start:stop] = logprobs
        self.log_z[start:stop] = logprobs
        self.unscored -= len(logprobs)

    def score_end(self, logprob: float) -> None:
        """Fill in log p of the end, after which nothing else could follow."""
        self.end_logprob, self.end_masked_logprob = logprob, 0.0
        self.log_z.append(logprob)
        self.end_unscored = False

    def choose(self, draws: Draws, place: int, law: SamplingLaw) -> None:
        """Take the token drawn at ``place`` of ``draws``, or the next one that fits the budget."""
        token = draws.tokens[place]
        if not self._take(token):
            token = self._choose_what_fits(token, draws, place, law)
        log_z = draws.log_z[place]
        if token in self._end_set or token < 0:
            self.finish_reason = "stop"
            if token >= 0:
                self.end_logprob = draws.log_mass_of(place, self._end_ids)
                self.end_masked_logprob = self.end_logprob - log_z
                self.log_z.append(log_z)
            return
        logprob = draws.logprob(place, token)
        self.tokens.append(token)
        self.logprobs.append(logprob)
        self.masked_logprobs.append(logprob - log_z)
        self.log_z.append(log_z)
        self.stats.drawn_tokens += 1

    def _take(self, token: int) -> bool:
        return token in self._end_set or self.budget.take(token)

    def _choose_what_fits(self, banned: int, draws: Draws, place: int, law: SamplingLaw) -> int:
        self.stats.budget_bans += 1
        for token in draws.order(place, law, self.rng, MAX_REDRAWS):
            if token == banned:
                continue
            if self._take(token):
                return token
            self.stats.budget_bans += 1
        plan = self.budget.plan()
        if not plan:  # the output may end here
            return self._end_ids[0] if self._end_ids else -1
        self.budget.take(plan[0])
        return plan[0]

    def new_bytes(self, start: int) -> bytes:
        """The bytes of the output's tokens from the ``start``-th on."""
        return b"".join(map(self._bytes_of, self.tokens[start:]))

    def _bytes_of(self, token: int) -> bytes:
        if token in self._names:
            return self._names[token].encode()
        return self.vocabulary.token_bytes(token) or b""
