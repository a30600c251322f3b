"""Attempts at an output as generators, and how they run side by side.

An attempt is a generator: it yields a `Question` where it needs the model, gets log p back and goes
on, so that each algorithm reads as if it were alone.  `run` asks the questions of all in one pass.

`walk` is the one way through the trie; a `Rule` says in what proportion tokens are drawn, and whether
the attempt survives a node.  `reveal` makes a node known, and in the same pass the forced nodes
behind it.  Knows nothing about which rule gives which law.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from structgen.decode.aligned.output import Output
from structgen.decode.aligned.target import Floats, Target
from structgen.decode.aligned.trie import Node, Trie
from structgen.decode.matching import MatcherLike

Result = TypeVar("Result")


@dataclass(frozen=True)
class Question:
    """log p after the last ``count`` prefixes of ``tokens``, please; an attempt's tokens only grow."""

    tokens: list[int]
    count: int = 1


Asking = Generator[Question, "Floats", Result]


def run(
    target: Target, attempts: Sequence[Asking[Result]], charge: Callable[[int], None] = lambda attempt: None
) -> list[Result]:
    """Drive attempts side by side to their ends; their results in order.

    ``charge(i)`` is called for each question of attempt i that costs a row of a pass: questions
    that several ask at once are charged to the first.
    """
    results: dict[int, Result] = {}
    waiting: dict[int, Question] = {}

    def resume(index: int, answer: Floats | None) -> None:
        try:
            question = attempts[index].send(answer)  # type: ignore[arg-type]  # None begins a generator
            while not question.tokens:  # what follows the prompt is known to all
                question = attempts[index].send(target.start()[None])
            waiting[index] = question
        except StopIteration as stop:
            results[index] = stop.value
            waiting.pop(index, None)

    for index in range(len(attempts)):
        resume(index, None)
    active = sorted(waiting)
    wave = target.wave(len(active))
    while active:
        answers = wave.log_p([waiting[i].tokens for i in active], [waiting[i].count for i in active])
        for index, answer, paid in zip(active, answers, wave.paid, strict=True):
            if paid:
                charge(index)
            resume(index, answer)
        staying = [row for row, index in enumerate(active) if index in waiting]
        if len(staying) < len(active):
            wave.keep(staying)
            active = [active[row] for row in staying]
    return [results[index] for index in range(len(attempts))]


def reveal(target: Target, trie: Trie, node: Node, matcher: MatcherLike) -> Asking[None]:
    """Make a node known; forced nodes behind it are asked about in the same pass.

    ``matcher`` stands at the node and is left there.
    """
    if node.known:
        return
    probe, chain, tokens = matcher.fork(), [], node.path()
    while True:
        ids = target.allowed(probe, len(tokens))
        chain.append((node, ids))
        if len(ids) != 1 or int(ids[0]) in target.end_ids:
            break
        tokens = [*tokens, int(ids[0])]
        node = trie.child(node, tokens[-1])
        if node.known:
            tokens.pop()
            break
        probe.advance(tokens[-1])
    if not len(chain[-1][1]):  # cut off by the bound of length: no question
        cut, nothing = chain.pop()
        trie.learn(cut, nothing, np.empty(0))
        tokens = tokens[:-1]
    if not chain:
        return
    answers = yield Question(tokens, len(chain))
    for (known, ids), log_p in zip(chain, answers, strict=True):
        trie.learn(known, ids, log_p)


Rule = Callable[[Node, float], "tuple[Floats, float]"]
"""At a known node, drawn with the bound ``paid`` on what is behind it: log weights of its tokens, in the
order of ``ids``, and log of the chance to survive."""


def walk(
    target: Target, trie: Trie, rule: Rule, rng: np.random.Generator, begun: Output | None = None
) -> Asking[Output | None]:
    """One attempt, from the root or behind ``begun``, to an end; None where it did not survive."""
    matcher, node = target.constraint.matcher(), trie.root
    output = Output() if begun is None else begun
    for token in output.tokens:
        matcher.advance(token)
        node = trie.child(node, token)
    paid = node.log_theta
    while True:
        yield from reveal(target, trie, node, matcher)
        assert node.ids is not None
        trie.visit(node)
        weights, log_chance = rule(node, paid)
        if not survives(log_chance, rng):
            return None
        token = pick(node.ids, weights, rng)
        output.add(token, node.logprob(token), node.log_z)
        if token in target.end_ids:
            return output
        matcher.advance(token)
        node = trie.child(node, token)
        paid = node.log_theta


def pick(ids: npt.NDArray[Any], log_weights: Floats, rng: np.random.Generator) -> int:
    """One of ``ids`` in proportion to exp(log_weights), which are not all -inf."""
    cumulative = np.exp(log_weights - log_weights.max()).cumsum()
    place = int(cumulative.searchsorted(rng.random() * cumulative[-1], side="right"))
    # Rounding may put the point on the total itself: the last id with weight is meant then.
    last = int(cumulative.searchsorted(cumulative[-1]))
    return int(ids[min(place, last)])


def survives(log_chance: float, rng: np.random.Generator) -> bool:
    """A coin with this log probability of yes; one number is drawn whatever it is."""
    return float(np.log1p(-rng.random())) < log_chance or log_chance >= 0
