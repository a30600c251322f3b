"""One pass through the model for some rows: feed, score what was forced, draw, settle.

A pass (1) feeds every row what it has not fed yet: the rest of the prompt at first, later the drawn token
and the forced tokens behind it, and what the row drafts beyond that, as one chunk; (2) beside that or
just before, fills the masks of the rows that will draw; (3) scores the forced tokens; (4) draws one token
a row; (5) lets rows settle: append what is now forced, notice the end.  Where the draw agrees with the
draft, the logits behind it are there already: (3) to (5) are repeated without another pass, and what
remains of the draft is taken back.

What goes wrong inside one row (a matcher that rejects, logits of NaN, too little memory for the longest
one) ends that row with its error; the others go on.

Knows nothing about text, values or grammars.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from structgen.decode.few import draw_few, few_allowed
from structgen.decode.forward import CausalBatch
from structgen.decode.head import Logits
from structgen.decode.masks import MaskFiller
from structgen.decode.matching import MaskArray, mask_words
from structgen.decode.result import PHASES
from structgen.decode.row import Row
from structgen.decode.sampling import Draws, draw, log_probabilities
from structgen.errors import StructgenError
from structgen.matcher import NOT_TAKEN, take_tokens

MAX_LOGITS = 1 << 27
"""Logits a pass may return, in numbers: a long run of forced tokens is scored in several passes."""


class _Phases:
    """What a pass spent on what, charged to its rows in one go."""

    def __init__(self) -> None:
        self._spent = dict.fromkeys(PHASES, 0.0)
        self._since = time.perf_counter()

    def end(self, phase: str) -> None:
        """What was done since the last call was this."""
        now = time.perf_counter()
        self._spent[phase] += now - self._since
        self._since = now

    def charge(self, rows: Sequence[Row]) -> None:
        spent = [(phase, seconds) for phase, seconds in self._spent.items() if seconds]
        for row in rows:
            for phase, seconds in spent:
                row.stats.seconds[phase] += seconds


def run_pass(
    forward: CausalBatch, rows: list[Row], filler: MaskFiller, slot_of: Sequence[int] | None = None
) -> list[Row]:
    """One pass for all of ``rows``; returns those that are still in ``forward``, in its order.

    ``slot_of``: in the first pass over a prompt, which row of ``forward`` stands for each row; rows of
    one prompt are the same row until the first draw, and are told apart afterwards.
    """
    phases = _Phases()
    columns = None if slot_of is not None else _worthwhile_columns(rows, forward.fill)
    chunks, ends, keep = _chunks(rows, columns)
    drawing = [row for row in rows if row.finish_reason is None and ends[row] >= row.length]
    with filler.begin(drawing, beside=forward.on_accelerator):
        phases.end("mask")
        fed = _feed(forward, rows, chunks, keep, slot_of)
    if fed is None:  # memory ran out, and the longest row was given up
        filler.wait()
        rows = [row for row in rows if row.error is None]
        return run_pass(forward, rows, filler) if rows else []
    if slot_of is not None:
        forward.select(slot_of)
    logits = fed
    if slot_of is not None and len(slot_of) != fed.shape[0]:
        logits = fed.rows(slot_of) if isinstance(fed, Logits) else fed[list(slot_of)]
    for row in rows:
        row.fed = min(ends[row], row.length)
        row.stats.forward_passes += 1
        row.stats.drafted_tokens += max(0, ends[row] - row.length)
    phases.end("forward")
    filler.wait()
    phases.end("mask")
    places = {row: place for place, row in enumerate(rows)}
    last = logits.shape[1] - 1

    def logits_at(row: Row, fed: int) -> tuple[int, int]:
        """Where the logits stand that follow the first ``fed`` tokens of a row."""
        return places[row], last - (ends[row] - fed)

    pending = [row for row in rows if row.error is None]
    masks: Tensor | None = filler.words if len(pending) == len(rows) else None
    while pending:
        _score(logits, pending, logits_at)
        phases.end("sample")
        pending = [row for row in pending if row.draws_next]
        if masks is None or pending != drawing:
            pending, masks = _find_masks(pending)
            phases.end("mask")
        _draw(logits, pending, masks, logits_at)
        phases.end("sample")
        pending = [row for row in pending if _go_on(row, ends[row])]
        masks = None
        phases.end("mask")
    forward.retract([ends[row] - row.fed for row in rows])
    phases.charge(rows)
    staying = [place for place, row in enumerate(rows) if row.wants_model]
    if len(staying) < len(rows):
        if staying:
            forward.select(staying)
        rows = [rows[place] for place in staying]
    return rows


def _worthwhile_columns(rows: Sequence[Row], fill: float) -> int:
    """How many tokens of a row this pass takes: as many as enough rows have, one at least.

    A pass is as wide as its longest chunk.  Where its time grows with its width, a forced token that one row
    of many has to feed is cheaper in a pass that is made anyway.  ``fill``: the share of the rows that
    makes up for a column.
    """
    lengths = sorted((row.length + len(row.draft) - row.fed for row in rows), reverse=True)
    return max(1, lengths[max(1, math.ceil(fill * len(rows))) - 1])


def _chunks(rows: Sequence[Row], columns: int | None) -> tuple[list[list[int]], dict[Row, int], int]:
    """What each row is fed, up to where (draft included), and how many logits are wanted at the end.

    ``columns``: the longest chunk (None: any); a draft that is cut by it is forgotten.
    """
    chunks: list[list[int]] = []
    ends: dict[Row, int] = {}
    keep = 1
    limit = max(8, MAX_LOGITS // (len(rows) * max(1, mask_words(rows[0].vocabulary.width) * 32)))
    for row in rows:
        first_unscored = row.length - row.unscored
        stop = min(row.length, first_unscored - 1 + limit)
        if columns is not None:
            stop = min(stop, row.fed + columns)
        chunk = row.piece(row.fed, stop)
        if stop == row.length and row.finish_reason is None and row.draft:
            if columns is not None:
                row.draft = row.draft[: columns - len(chunk)]
            chunk = chunk + row.draft
        ends[row] = row.fed + len(chunk)
        keep = max(keep, ends[row] - first_unscored + 1)
        chunks.append(chunk)
    return chunks, ends, keep


def _feed(
    forward: CausalBatch,
    rows: list[Row],
    chunks: list[list[int]],
    keep: int,
    slot_of: Sequence[int] | None,
) -> Tensor | Logits | None:
    """The logits (slots, ``keep``, V); None where memory ran out and the longest row was given up.

    In the first pass over prompts running out is raised: nobody has a cache of their own yet.
    """
    if slot_of is not None:
        first = dict(zip(slot_of, chunks, strict=True))
        chunks = [first[slot] for slot in range(forward.rows)]
    try:
        forward.compact_if_worthwhile()
        if any(row.few_will_do for row in rows):
            return forward.feed_lazily(chunks, keep)
        return forward.feed(chunks, keep)
    except torch.OutOfMemoryError as error:
        if slot_of is not None:
            raise
        longest = max(rows, key=lambda row: row.length)
        longest.fail(error)
        staying = [place for place, row in enumerate(rows) if row is not longest]
        if staying:
            forward.select(staying)
        return None


def _find_masks(rows: Sequence[Row]) -> tuple[list[Row], Tensor]:
    """The masks of some rows, asked one by one; and the rows whose matcher had an answer."""
    found: dict[Row, MaskArray] = {}

    def find(row: Row) -> None:
        found[row] = row.matcher.mask() if row.mask is None else row.mask

    for row in rows:
        guarded(row, find, row)
    words = np.stack(list(found.values())) if found else np.zeros((0, 1), dtype=np.uint32)
    return list(found), torch.from_numpy(words.view(np.int32))


def _score(
    logits: Tensor | Logits, rows: Sequence[Row], logits_at: Callable[[Row, int], tuple[int, int]]
) -> None:
    """Score forced tokens and forced ends whose predecessors have now been fed."""
    places: list[tuple[int, int]] = []
    owners: list[tuple[Row, int]] = []  # and which of its tokens
    for row in rows:
        if not row.unscored:
            continue
        first = row.length - row.unscored
        for number in range(first, min(row.length, row.fed + 1)):
            places.append(logits_at(row, number))
            owners.append((row, number - len(row.prompt)))
    scored: dict[Row, tuple[list[float], list[Tensor]]] = {}
    for start in range(0, len(places), 32):
        some = owners[start : start + 32]
        log_p = _log_p(logits, places[start : start + 32], some)
        wanted = torch.tensor([row.tokens[number] for row, number in some], device=logits.device)
        for at, value in enumerate(log_p.gather(-1, wanted[:, None])[:, 0].tolist()):
            values, kept = scored.setdefault(some[at][0], ([], []))
            values.append(value)
            if some[at][0].alternatives is not None:
                kept.append(log_p[at])
    for row, (values, kept) in scored.items():
        if any(math.isnan(value) for value in values):
            row.fail(_not_a_number())
        else:
            row.score_forced(values, kept or None)
    for row in rows:
        if row.end_unscored and row.fed == row.length:
            log_p = _log_p(logits, [logits_at(row, row.fed)], [(row, len(row.tokens))])
            ends = log_p[0, sorted(row.vocabulary.eos_ids)]
            row.score_end(float(torch.logsumexp(ends.double(), dim=-1)))


def _log_p(logits: Tensor | Logits, places: list[tuple[int, int]], owners: list[tuple[Row, int]]) -> Tensor:
    """log p (n, V) at (row, place) each, under the law of the row and what it had written by then."""
    at, offset = (torch.tensor(list(part), device=logits.device) for part in zip(*places, strict=True))
    laws = [row.law for row, _ in owners]
    histories = [row.history(number) if row.law.looks_back else None for row, number in owners]
    return log_probabilities(logits[at, offset], laws, histories)


def _draw(
    logits: Tensor | Logits,
    rows: Sequence[Row],
    masks: Tensor,
    logits_at: Callable[[Row, int], tuple[int, int]],
) -> None:
    """Draw one token for each row and let it choose."""
    if not rows:
        return
    at = [logits_at(row, row.fed) for row in rows]
    uniforms = [float(row.rng.random()) for row in rows]
    if isinstance(logits, Logits):
        left = _draw_few(logits, rows, masks, at, uniforms)
        if not left:
            return
        rows, at, uniforms, masks = (
            [rows[place] for place in left],
            [at[place] for place in left],
            [uniforms[place] for place in left],
            masks[left],
        )
    if len(rows) == logits.shape[0] and all(offset == logits.shape[1] - 1 for _, offset in at):
        last = logits[:, -1]
    else:
        last = logits[[place for place, _ in at], [offset for _, offset in at]]
    histories = [row.history() if row.law.looks_back else None for row in rows]
    draws = draw(last, masks, [row.law for row in rows], uniforms, histories)
    for place in _let_choose(rows, draws):
        rows[place].fail(_not_a_number())


def _let_choose(rows: Sequence[Row], draws: Draws) -> list[int]:
    """Let each row take what was drawn for it; returns the places of those whose logits were NaN.

    The matchers of nearly all rows take their tokens in one call; where one would not, or the row has more
    to say than its matcher, it chooses alone.
    """
    taken = [NOT_TAKEN] * len(rows)
    offers = [
        (place, row.matcher, draws.tokens[place], room)
        for place, row in enumerate(rows)
        if not draws.broken[place] and (room := row.room_after(draws.tokens[place])) is not None
    ]
    if offers:
        places, matchers, tokens, rooms = zip(*offers, strict=True)
        outcomes = take_tokens(matchers, list(tokens), list(rooms))
        for place, outcome in zip(places, outcomes, strict=True):
            taken[place] = outcome
    for place, row in enumerate(rows):
        if not draws.broken[place]:
            guarded(row, row.choose, draws, place, taken[place])
    return [place for place, broken in enumerate(draws.broken) if broken]


def _draw_few(
    logits: Logits, rows: Sequence[Row], masks: Tensor, at: Sequence[tuple[int, int]], uniforms: list[float]
) -> list[int]:
    """The same for the rows that can do with the logits of a few tokens; returns where the others stand."""
    allowed = few_allowed(masks, [place for place, row in enumerate(rows) if row.few_will_do])
    places = list(allowed)
    if places:
        ids = list(allowed.values())
        some = logits.of([at[place][0] for place in places], [at[place][1] for place in places], ids)
        laws = [rows[place].law for place in places]
        draws = draw_few(some, ids, laws, [uniforms[place] for place in places])
        for number in _let_choose([rows[place] for place in places], draws):
            del allowed[places[number]]  # the full logits tell whether they are
    return [place for place in range(len(rows)) if place not in allowed]


def _go_on(row: Row, end: int) -> bool:
    """Settle a row that has drawn; whether the logits for what it does next are there already."""
    ahead, row.draft = row.draft, []
    before = row.length - 1
    if row.finish_reason is None:
        guarded(row, row.settle)
    if not ahead or row.error is not None:
        return False
    fresh = row.piece(before, row.length)
    agreed = next((n for n, (x, y) in enumerate(zip(fresh, ahead, strict=False)) if x != y), None)
    agreed = min(len(fresh), len(ahead)) if agreed is None else agreed
    row.fed += agreed
    row.stats.accepted_tokens += agreed
    if row.fed < row.length or (row.finish_reason is not None and not row.wants_model):
        return False
    row.draft = ahead[agreed:]
    return True


def _not_a_number() -> StructgenError:
    return StructgenError(
        "the model returned NaN instead of logits; check its weights and its floating-point type"
    )


def guarded(row: Row, action: Callable[..., object], *arguments: Any) -> None:
    """Do something for one row; what goes wrong is that row's own."""
    try:
        action(*arguments)
    except Exception as error:
        row.fail(error)


def charge(rows: Sequence[Row], phase: str, started: float) -> float:
    """Add the wall time since ``started`` to a phase of every row; returns the time now."""
    now = time.perf_counter()
    for row in rows:
        row.stats.seconds[phase] += now - started
    return now
