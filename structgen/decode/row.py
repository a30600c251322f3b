"""The state of one output while it grows: its matcher, budget, law, tokens and figures.

A row alternates between two things: *settle*, which appends whatever is forced and finds out
whether the output has ended, without the model; and *choose*, which takes one drawn token.  Forced
tokens wait to be scored: the next pass through the model feeds them as one chunk.

Knows nothing about batches, caches or devices.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from torch import Tensor

from structgen.decode.alternatives import describe
from structgen.decode.budget import Budget
from structgen.decode.few import is_for
from structgen.decode.law import SamplingLaw
from structgen.decode.matching import (
    MaskArray,
    MatcherLike,
    VocabularyLike,
    outlook,
    spelled,
    token_bits,
)
from structgen.decode.penalties import History
from structgen.decode.result import Alternative, FinishReason, Stats
from structgen.decode.sampling import Draws
from structgen.matcher import NOT_TAKEN, OPEN, Matcher

MAX_REDRAWS = 32
"""How many draws that do not fit the budget are repeated at one place before the plan's token is taken.

Every repetition costs an advance, a distance (milliseconds for a large schema) and a rollback.  Where
the model would go on and next to nothing fits, such as the last tokens inside a long text, more
repetitions were measured to cost several times the model's own passes.
"""

Propose = Callable[["Row"], list[int]]


class Row:
    """One output: ``index`` in the call, its prompt, its law, and everything decided so far.

    ``stream`` names the generator of random numbers together with ``seed`` (default: ``index``).
    ``weights``: whether forced tokens behind the last draw are scored too, in one more pass.
    ``figures``: whether figures are wanted that only full logits give (forced tokens are not scored else).
    ``logprobs``: how many alternatives to note at every token (None: none, and no entropies).
    ``max_time``: seconds from now on after which the known completion finishes the output.
    ``propose``: tokens to feed ahead as a draft, asked whenever the row has settled.
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
        law: SamplingLaw | None = None,
        seed: int = 0,
        stream: int | None = None,
        weights: bool = True,
        figures: bool = True,
        logprobs: int | None = None,
        max_time: float | None = None,
        propose: Propose | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.index = index
        self.prompt = list(prompt)
        self.matcher = matcher
        self.law = law or SamplingLaw()
        self.budget = Budget(matcher, max_tokens)
        self.rng = np.random.default_rng([seed, index if stream is None else stream])
        self.stats = Stats(prompt_tokens=len(self.prompt))
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.masked_logprobs: list[float] = []
        self.log_z: list[float] = []
        self.alternatives: list[list[Alternative]] | None = None if logprobs is None else []
        self.entropies: list[float] | None = None if logprobs is None else []
        self.end_logprob: float | None = None
        self.end_masked_logprob: float | None = None
        self.finish_reason: FinishReason | None = None
        self.error: Exception | None = None
        self.unscored = 0  # forced tokens at the end of ``tokens`` that no pass has scored yet
        self.end_unscored = False
        self.fed = 0  # tokens of prompt and output that are in the model's cache
        self.mask: MaskArray | None = None  # the mask of the present state, where it is known already
        self.draft: list[int] = []  # what is likely to follow ``tokens``, to be fed along
        self._open = False  # whether it is known that nothing is forced and nothing can end
        self.law_name = "local"
        self.vocabulary = vocabulary
        self._names = names
        self._logprobs = logprobs or 0
        self._propose = propose
        self._end_ids = sorted(vocabulary.eos_ids)
        self._end_set = frozenset(self._end_ids)
        self._text_bits = ~token_bits(self._end_ids, vocabulary.width)
        self._weights = weights and figures
        self._figures = figures
        self.few_will_do = not figures and is_for(
            self.law
        )  # logits of the allowed tokens, where these are few
        self.born = time.perf_counter()
        self._deadline = None if max_time is None else self.born + max_time
        self._last_settled = math.nan

    @property
    def wants_model(self) -> bool:
        """Whether a pass through the model is still needed, for a draw or for figures."""
        if self.finish_reason is None:
            return True
        return self._weights and (self.unscored > 0 or self.end_unscored)

    @property
    def length(self) -> int:
        """How many tokens prompt and output have."""
        return len(self.prompt) + len(self.tokens)

    @property
    def draws_next(self) -> bool:
        """Whether all tokens are in the cache and the next one is to be drawn."""
        return self.finish_reason is None and self.fed == self.length

    def piece(self, start: int, stop: int) -> list[int]:
        """The tokens from ``start`` to ``stop`` of prompt and output together."""
        length = len(self.prompt)
        if start >= length:
            return self.tokens[start - length : stop - length]
        return self.prompt[start:stop] + self.tokens[: max(0, stop - length)]

    def history(self, tokens: int | None = None) -> History:
        """What penalties look at when token number ``tokens`` of the output comes (default: the next)."""
        return History(self.prompt, self.tokens if tokens is None else self.tokens[:tokens])

    def fail(self, error: Exception) -> None:
        """End this output with an error; nothing else is computed for it."""
        if self.finish_reason != "error":
            self.finish_reason, self.error = "error", error
        self.unscored, self.end_unscored, self.draft = 0, False, []

    def settle(self) -> None:
        """Append forced tokens, and notice the end where nothing else can follow."""
        self.mask = None
        self.draft = []
        known_open, self._open = self._open, False
        if self._deadline is not None and self._is_late():
            self._finish_by_plan()
            return
        while not known_open:
            ended, can_stop, forced = outlook(self.matcher)
            if ended:  # free text met a stop string
                self.finish_reason = "stop"
                return
            if can_stop:
                mask = self.matcher.mask()
                only_end = not (mask & self._text_bits).any()
                if only_end or self.budget.left == 0:
                    open_ended = getattr(self.matcher, "open_ended", False)
                    self.finish_reason = "length" if open_ended else "complete"
                    # An end brought by the budget was no choice of the grammar: it has no figures.
                    self.end_unscored = only_end and self._figures and bool(self._end_ids)
                    return
                self.mask = mask
                break
            if not forced:
                break
            accepted = self.matcher.try_advance(forced)
            if accepted == 0:
                break
            self._append_forced(forced[:accepted])
        if self._propose is not None:
            self.draft = self._propose(self)

    def _is_late(self) -> bool:
        """Whether another pass, if it takes as long as the one before, would end after the deadline."""
        assert self._deadline is not None
        now = time.perf_counter()
        pace = 0.0 if math.isnan(self._last_settled) else now - self._last_settled
        self._last_settled = now
        return now + pace > self._deadline

    def _finish_by_plan(self) -> None:
        plan = [] if self.matcher.is_terminated else self.budget.plan()
        if self.matcher.try_advance(plan) < len(plan):
            raise RuntimeError("the matcher refuses the completion it gave itself")
        self._append_forced(plan)
        self.stats.forced_tokens -= len(plan)
        self.stats.planned_tokens += len(plan)
        self.unscored = 0
        self.finish_reason = "time"

    def _append_forced(self, tokens: list[int]) -> None:
        self.budget.spend_forced(tokens)
        self.tokens += tokens
        self.logprobs += [math.nan] * len(tokens)
        self.masked_logprobs += [0.0] * len(tokens)
        self.log_z += [math.nan] * len(tokens)
        if self.alternatives is not None and self.entropies is not None:
            self.alternatives += [[] for _ in tokens]
            self.entropies += [math.nan] * len(tokens)
        if self._figures:
            self.unscored += len(tokens)
        self.stats.forced_tokens += len(tokens)

    def score_forced(self, logprobs: Sequence[float], log_p: Sequence[Tensor] | None = None) -> None:
        """Fill in log p of the oldest unscored forced tokens; Z of a forced token is its own p."""
        start = len(self.tokens) - self.unscored
        stop = start + len(logprobs)
        self.logprobs[start:stop] = logprobs
        self.log_z[start:stop] = logprobs
        self.unscored -= len(logprobs)
        if self.alternatives is not None and self.entropies is not None and log_p is not None:
            for place, row in zip(range(start, stop), log_p, strict=True):
                only = {self.tokens[place]: 0.0}
                self.alternatives[place], self.entropies[place] = describe(row, self._logprobs, only.get)

    def score_end(self, logprob: float) -> None:
        """Fill in log p of the end, after which nothing else could follow."""
        self.end_logprob, self.end_masked_logprob = logprob, 0.0
        self.log_z.append(logprob)
        self.end_unscored = False

    def room_after(self, token: int) -> int | None:
        """How many tokens may be needed after a drawn one, where a native matcher alone can take it.

        None where `choose` has to: at an end, under a plan, of other matchers.
        """
        if type(self.matcher) is not Matcher or token < 0 or token in self._end_set:
            return None
        return self.budget.room

    def choose(self, draws: Draws, place: int, taken: int = NOT_TAKEN) -> None:
        """Take the token drawn at ``place`` of ``draws``, or the next one that fits the budget.

        ``taken``: what became of it where it was offered to the matcher already (`take_tokens`).
        """
        token = draws.tokens[place]
        if taken != NOT_TAKEN:
            self.budget.taken()
            self._open = taken == OPEN
        elif not self._take(token):
            token = self._choose_what_fits(token, draws, place)
        self.stats.truncation_misses += draws.missed[place] and self.law.truncates
        log_z = draws.log_z[place]
        if token in self._end_set or token < 0:
            self.finish_reason = "stop"
            if token >= 0:
                self.end_logprob = draws.log_mass_of(place, self._end_ids)
                self.end_masked_logprob = draws.masked_log_mass_of(place, self._end_ids)
                self.log_z.append(log_z)
            return
        drawn = token == draws.tokens[place]
        self.tokens.append(token)
        self.logprobs.append(draws.logprobs[place] if drawn else draws.logprob(place, token))
        self.masked_logprobs.append(
            draws.masked_logprobs[place] if drawn else draws.masked_logprob(place, token)
        )
        self.log_z.append(log_z)
        if self.alternatives is not None and self.entropies is not None:
            found, entropy = describe(
                draws.log_p(place), self._logprobs, lambda other: draws.masked_logprob(place, other)
            )
            self.alternatives.append(found)
            self.entropies.append(entropy)
        self.stats.drawn_tokens += 1

    def _take(self, token: int) -> bool:
        return token in self._end_set or self.budget.take(token)

    def _choose_what_fits(self, banned: int, draws: Draws, place: int) -> int:
        self.stats.budget_bans += 1
        for token in draws.order(place, self.law, self.rng, MAX_REDRAWS):
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

    def close(self) -> None:
        """Account for the time that no phase took; called once, when the row is done."""
        self.stats.relaxed_tokens = getattr(self.matcher, "relaxed", 0)
        spent = sum(self.stats.seconds.values())
        self.stats.seconds["idle"] = max(0.0, time.perf_counter() - self.born - spent)

    def new_bytes(self, start: int) -> bytes:
        """The bytes of the output's tokens from the ``start``-th on."""
        return spelled(self.tokens[start:], self.vocabulary, self._names)
