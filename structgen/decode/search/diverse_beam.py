"""Diverse beam search (Vijayakumar et al. 2018): groups of beams that avoid each other's tokens.

The groups take turns at every step; a token costs a later group ``diversity`` for every beam of an earlier
group that chose it at the same step (Hamming diversity).  The penalty steers the search only:
figures of the outputs are the model's.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from structgen.decode.result import Generation
from structgen.decode.search.state import Candidate, Frontier, check_count


def diverse_beam_search(
    model: Any,
    prompt: Any,
    constraint: Any,
    *,
    groups: int = 3,
    beams: int = 2,
    diversity: float = 1.0,
    tokenizer: Any = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
) -> list[Generation]:
    """The best output of every group, in the order of the groups; the first is plain beam search.

    ``beams``: how many each group has.  Where the constraint leaves no choice groups agree.
    Raises BudgetTooSmall and InvalidRequest.  Cost: one pass over all beams of all groups for each token.
    """
    check_count("groups", groups)
    check_count("beams", beams)
    frontier = Frontier(
        model, prompt, constraint, tokenizer=tokenizer, max_tokens=max_tokens, temperature=temperature
    )
    finished: list[list[Candidate]] = [[] for _ in range(groups)]
    running: list[list[Candidate]] = [[frontier.start()] for _ in range(groups)]
    rows = [0] * groups
    while any(running):
        flat = [one for group in running for one in group]
        steps = frontier.steps(flat, rows)
        chosen: Counter[int] = Counter()
        rows, at = [], 0
        for group, members in enumerate(running):
            pool = [
                (longer, at + place)
                for place, one in enumerate(members)
                for longer in frontier.expand(one, steps, at + place, beams + groups)
            ]
            at += len(members)
            penalty = {id(longer): diversity * chosen[_last(longer)] for longer, _ in pool}
            pool.sort(key=lambda entry: penalty[id(entry[0])] - entry[0].score)
            finished[group] += [longer for longer, _ in pool[:beams] if frontier.is_over(longer)]
            going = [entry for entry in pool if not frontier.is_over(entry[0])][:beams]
            if finished[group]:
                bar = max(one.score for one in finished[group])
                going = [entry for entry in going if entry[0].score > bar]
            chosen.update(_last(longer) for longer, _ in pool[:beams])
            running[group] = [longer for longer, _ in going]
            rows += [row for _, row in going]
    best = [max(group, key=lambda one: one.score) for group in finished if group]
    return [frontier.generation(one, "diverse beam") for one in best]


def _last(one: Candidate) -> int:
    """The token chosen last; -1 stands for the end."""
    return -1 if one.ended else one.tokens[-1]
