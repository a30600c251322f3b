"""Always finished within ``max_tokens``: the budget of one output and the plan that fits in it.

The invariant before every draw: some known completion of the output fits in what is left.  A token
is taken only if it keeps the invariant; the known completion's own next token always does, so
every draw ends and the output is complete at the end of the budget (the end token is not counted:
an output that may end when the budget is used up is complete).

The known completion need not be asked for before each draw.  After a draw that fits, the matcher
itself still knows a completion that fits; only after one that did not is it fetched and kept as the
*plan*, because a matcher's next completion need not continue its previous one.

Knows nothing about probabilities: it judges tokens, others propose them.
"""

from __future__ import annotations

from copy import copy

from structgen.decode.matching import MatcherLike, advance_within
from structgen.errors import BudgetTooSmall


class Budget:
    """Tokens left for one output and, when it is tight, the plan that finishes it.

    Raises BudgetTooSmall at construction, before any work by a model, when the shortest completion
    known to the matcher takes more than ``max_tokens``.
    """

    def __init__(self, matcher: MatcherLike, max_tokens: int) -> None:
        needed = matcher.distance()
        if needed > max_tokens:
            raise BudgetTooSmall(needed, max_tokens)
        self.left = max_tokens
        self._matcher = matcher
        self._plan: list[int] | None = None  # reversed: the next token is the last element

    def spend_forced(self, tokens: list[int]) -> None:
        """Account for forced tokens the matcher has accepted; they begin every completion, so they fit.

        What the matcher knows behind them may be longer than what it knew before: then that is the plan.
        """
        self.left -= len(tokens)
        if self._plan is None and not self._matcher.completes_within(self.left):
            self._matcher.rollback(len(tokens))
            self._plan = self._matcher.completion()[::-1]
            self._matcher.try_advance(tokens)
        if self._plan is not None:
            del self._plan[len(self._plan) - len(tokens) :]

    def fork(self, matcher: MatcherLike) -> Budget:
        """The same for ``matcher``, a fork of this one's."""
        other = copy(self)
        other._matcher = matcher
        other._plan = None if self._plan is None else list(self._plan)
        return other

    def plan(self) -> list[int]:
        """The tokens of a completion that fits, next token first."""
        if self._plan is None:
            self._plan = self._matcher.completion()[::-1]
        return self._plan[::-1]

    @property
    def room(self) -> int | None:
        """How many tokens may be needed after the next one; None where a plan has a say, or none is left."""
        return None if self._plan is not None or self.left == 0 else self.left - 1

    def taken(self) -> None:
        """Account for a token the matcher took within `room`."""
        self.left -= 1

    def take(self, token: int) -> bool:
        """Advance the matcher by an allowed token if the output can still be finished after it.

        Returns False, and leaves the matcher where it was, when it cannot.  Cost: one ``advance`` and
        one ``completes_within``; where the answer is no, also one ``rollback`` and at first one
        ``completion``.
        """
        if self._plan and self._plan[-1] == token:
            self._matcher.advance(token)
            self.left -= 1
            self._plan.pop()
            if self._matcher.completes_within(self.left):
                self._plan = None  # the matcher knows one that fits from here: nothing to remember
            return True
        if advance_within(self._matcher, token, self.left - 1):
            self.left -= 1
            self._plan = None
            return True
        if self._plan is None:
            self._plan = self._matcher.completion()[::-1]
            if self._plan and self._plan[-1] == token:
                return self.take(token)
        return False
