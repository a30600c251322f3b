"""Outputs that a constraint lets a model emit, whatever the model: a walk through the masks.

A walk follows one of a few examples for a while, so that it gets to what the schema declares, then takes a
number of free steps, each any allowed token, then the shortest known completion in full.  Somebody chooses
at every turn; choosing 0 throughout gives the shortest output.  Knows nothing about who chooses: a random
generator, or Hypothesis.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property
from typing import Any

from structgen.byte_walk import byte_vocabulary
from structgen.constraint import Constraint, compile
from structgen.examples import example_text, grammar_of
from structgen.matcher import Matcher
from structgen.vocabulary import Vocabulary

__all__ = ["Emission", "emitted"]

Chooser = Callable[[int], int]
"""Called with n, returns a number from 0 to n - 1."""

EXAMPLES = 16
# One free step in so many heads for the end of what is open: strings stay short, and arrays and objects too.
_TOWARDS_THE_END = 5
_ASCII = 128


class Emission:
    """What a grammar lets a model emit, in the tokens of a vocabulary (default: a token a byte).

    ``source`` is a Constraint, or what `structgen.compile` takes, with the options of
    `structgen.json_schema`.

    Raises: GrammarError for what cannot be constrained.

    >>> Emission({"type": "array", "minItems": 2}).text(lambda n: 0)
    '[0,0]'
    """

    def __init__(self, source: Any, vocabulary: Vocabulary | None = None, **options: Any) -> None:
        self._grammar = grammar_of(source, {}, options)
        if isinstance(source, Constraint) and vocabulary is None:
            self.constraint = source
        else:
            self.constraint = compile(self._grammar, vocabulary or byte_vocabulary())

    @cached_property
    def _guides(self) -> list[list[int]]:
        """Examples of different branches, as tokens."""
        constraint = compile(self._grammar, byte_vocabulary())
        texts = dict.fromkeys(example_text(constraint, seed) for seed in range(EXAMPLES))
        return [self.constraint.vocabulary.encode(text) for text in texts]

    def text(self, choose: Chooser, max_tokens: int = 200) -> str:
        """One output of at most ``max_tokens`` tokens, or the shortest known one where that is longer.

        Cost: a mask and a completion for every free step, a completion for every other.
        """
        matcher = self.constraint.matcher()
        tokens: list[int] = []
        completion = matcher.completion()
        steps = choose(1 + choose(max_tokens + 1))
        guide = self._guides[choose(len(self._guides))] if steps else []
        followed = choose(len(guide) + 1)
        for step in range(min(followed + steps, max_tokens) if steps else 0):
            token = guide[step] if step < followed else self._choose(matcher, completion, choose)
            if token is None or not matcher.try_advance([token]):
                break
            further = matcher.completion()
            if len(tokens) + 1 + len(further) > max_tokens:
                break  # there is no room for it
            tokens.append(token)
            completion = further
        # In full, not step by step: a completion known further on need not be the rest of this one.
        return self.constraint.vocabulary.decode([*tokens, *completion]).decode("utf-8")

    def _choose(self, matcher: Matcher, completion: list[int], choose: Chooser) -> int | None:
        """An allowed token, None to end here; plain ASCII half of the time."""
        if completion and not choose(_TOWARDS_THE_END):
            return completion[0]
        vocabulary = self.constraint.vocabulary
        allowed = [token for token in matcher.allowed_tokens() if token not in vocabulary.eos_ids]
        plain = [token for token in allowed if (vocabulary.token_bytes(token) or b"\xff")[0] < _ASCII]
        pool = plain if plain and not choose(2) else allowed
        choices = [None, *pool] if matcher.can_stop else pool
        return choices[choose(len(choices))]


def emitted(
    source: Any,
    *,
    examples: int = 20,
    seed: int = 0,
    max_tokens: int = 200,
    vocabulary: Vocabulary | None = None,
    **options: Any,
) -> list[str]:
    """Outputs drawn with a seed, the shortest first; fewer than ``examples`` where drawing repeats itself.

    >>> emitted({"enum": ["a", "b"]}, examples=5)
    ['"a"', '"b"']
    """
    emission = Emission(source, vocabulary, **options)
    found = dict.fromkeys([emission.text(lambda count: 0, max_tokens)])
    generator = random.Random(seed)
    for _ in range(4 * examples):
        if len(found) >= examples:
            break
        found[emission.text(generator.randrange, max_tokens)] = None
    return list(found)
