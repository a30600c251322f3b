"""How likely a given text is: under the model, and under the laws a constraint makes of it.

One pass over prompt and text, without drawing anything.  Knows nothing about batches of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from structgen.decode.call import Session
from structgen.decode.forward import CausalBatch
from structgen.decode.law import SamplingLaw
from structgen.decode.matching import mask_words
from structgen.decode.prompt import encode_prompt
from structgen.decode.request import resolve
from structgen.decode.run import make_rows, run
from structgen.decode.sampling import History, log_probabilities, unpack_mask
from structgen.errors import InvalidRequest, TokenRejected

_ROWS = 32  # positions whose probabilities are computed at once


@dataclass(frozen=True)
class Score:
    """The probabilities of one text, as one segmentation into tokens, its end included.

    With p the model's law and Z its mass on what is allowed at each step, the text has probability
    ``exp(log_p)`` = P under the model and P / product of Z under the local law.  The global law, the model
    conditioned on the constraint, is P / P(L); P(L), the model's mass on the whole language, is estimated
    where ``samples`` were asked for (``log_language``, with the standard error of the estimate of P(L)
    relative to it), else ``log_global`` is None.
    """

    tokens: list[int]
    logprobs: list[float]
    """log p of every token; the end's is ``end_logprob`` (all end tokens together are one event)."""
    masked_logprobs: list[float]
    log_z: list[float]
    """log Z at every step, the one at which the text ends last."""
    end_logprob: float
    end_masked_logprob: float
    log_language: float | None = None
    relative_error: float | None = None

    @property
    def log_p(self) -> float:
        """log P: the model's own probability of text and end."""
        return sum(self.logprobs) + self.end_logprob

    @property
    def log_mass(self) -> float:
        """log of the product of Z."""
        return sum(self.log_z)

    @property
    def log_local(self) -> float:
        """log of the probability under the local law: log_p - log_mass."""
        return sum(self.masked_logprobs) + self.end_masked_logprob

    @property
    def log_global(self) -> float | None:
        """log of the probability under the global law, by the estimate of P(L)."""
        return None if self.log_language is None else self.log_p - self.log_language


@torch.inference_mode()
def score(
    model: Any,
    prompt: Any,
    text: str | Sequence[int],
    constraint: Any,
    *,
    tokenizer: Any = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    min_p: float = 0.0,
    typical_p: float = 1.0,
    repetition_penalty: float = 1.0,
    presence_penalty: float = 0.0,
    frequency_penalty: float = 0.0,
    logit_bias: Mapping[int, float] | None = None,
    samples: int = 0,
    max_tokens: int = 256,
    seed: int = 0,
) -> Score:
    """How likely ``text`` is as an answer to ``prompt``, under the model and under a constraint.

    ``text``: a string, scored in the segmentation the tokenizer gives it, or token ids; ``constraint``: a
    Constraint, or what `structgen.compile` takes (schema, Grammar, type, …).  The law p is that of the given
    settings, as in `structgen.generate`, at ``temperature`` 1 unless told.  ``samples`` > 0 estimates P(L)
    from that many outputs of at most ``max_tokens``, as the mean of their weights.

    Raises TokenRejected naming the token with which the text leaves the constraint, or the end that comes
    too early.  Cost: one pass over prompt and text, a mask a token; the samples.

    >>> import structgen
    >>> pocket = structgen.load()
    >>> found = [structgen.score(pocket, "Is it?", text, ["yes", "no"]) for text in ("yes", "no")]
    >>> all(one.log_p <= one.log_local <= 0 for one in found)
    True
    """
    law = SamplingLaw(
        temperature,
        top_p,
        top_k,
        min_p,
        typical_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
        logit_bias,
    )
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 0:
        raise InvalidRequest(f"samples must be an integer >= 0, got {samples!r}")
    asked = {"grammar": constraint} if hasattr(constraint, "matcher") else {}
    session = Session(model, tokenizer, asked)
    vocabulary = session.vocabulary
    if not asked:
        kind = "choice" if isinstance(constraint, (list, tuple)) else "schema"
        constraint, _ = resolve(vocabulary, **{kind: constraint}, options={})
    ids = encode_prompt(prompt, session.tokenizer, vocabulary)
    tokens = vocabulary.encode(text) if isinstance(text, str) else [int(token) for token in text]
    masks = _masks_along(constraint, tokens)
    was_training = session.model.training
    session.model.eval()
    try:
        logits = CausalBatch(session.model, 1).feed([ids + tokens], len(tokens) + 1)[0]
    finally:
        session.model.train(was_training)
    found = _figures(logits, masks, ids, tokens, law, sorted(vocabulary.eos_ids))
    if not samples:
        return found
    rows = make_rows(session.model, constraint, [ids], n=samples, max_tokens=max_tokens, seed=seed, law=law)
    weights = np.exp([event.generation.log_mass for event in _finished(session.model, rows)])
    error = float(weights.std(ddof=1) / math.sqrt(samples) / weights.mean()) if samples > 1 else math.inf
    return Score(
        **{**vars(found), "log_language": math.log(max(weights.mean(), 1e-300)), "relative_error": error}
    )


def _finished(model: Any, rows: Any) -> list[Any]:
    return [event for event in run(model, rows, str) if event.generation is not None]


def _masks_along(constraint: Any, tokens: Sequence[int]) -> Tensor:
    """The masks (n + 1, words) before each token and before the end."""
    matcher = constraint.matcher()
    words = np.zeros((len(tokens) + 1, mask_words(constraint.vocabulary.width)), dtype=np.uint32)
    for place, token in enumerate(tokens):
        matcher.fill_mask(words, place)
        if token in constraint.vocabulary.eos_ids:
            raise TokenRejected(f"token {place} of the text is an end token; leave the end out", token=token)
        matcher.advance(token)
    if not matcher.can_stop:
        rest = getattr(matcher, "completion_text", bytes)()[:60]
        raise TokenRejected(f"the text ends too early: {rest!r} would complete it")
    matcher.fill_mask(words, len(tokens))
    return torch.from_numpy(words.view(np.int32))


def _figures(
    logits: Tensor,
    masks: Tensor,
    prompt: Sequence[int],
    tokens: Sequence[int],
    law: SamplingLaw,
    ends: list[int],
) -> Score:
    logprobs: list[float] = []
    log_z: list[float] = []
    end_logprob = 0.0
    for start in range(0, len(tokens) + 1, _ROWS):
        places = range(start, min(start + _ROWS, len(tokens) + 1))
        histories = [History(prompt, tokens[:place]) for place in places]
        log_p = log_probabilities(logits[start : places.stop], [law] * len(places), histories)
        allowed = unpack_mask(masks[start : places.stop].to(logits.device), logits.shape[-1])
        log_z += torch.logsumexp(log_p.masked_fill(~allowed, -math.inf).double(), dim=-1).tolist()
        for row, place in enumerate(places):
            if place < len(tokens):
                logprobs.append(float(log_p[row, tokens[place]]))
            else:
                end_logprob = float(torch.logsumexp(log_p[row, ends].double(), dim=-1))
    masked = [_minus(p, z) for p, z in zip(logprobs, log_z[:-1], strict=True)]
    return Score(list(tokens), logprobs, masked, log_z, end_logprob, _minus(end_logprob, log_z[-1]))


def _minus(log_p: float, log_z: float) -> float:
    """log p - log Z; a law that gives nothing allowed any probability gives this token none either."""
    return -math.inf if log_p == -math.inf else log_p - log_z
