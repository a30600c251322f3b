"""`generate`: a model, prompts and what is allowed in; finished, typed outputs out.

Ties the parts together and holds no algorithm of its own: `call` makes rows of what is asked, `run`
the tokens and the text.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from structgen.decode.aligned.call import NAMES as ALIGNED
from structgen.decode.aligned.call import aligned_events
from structgen.decode.call import Session
from structgen.decode.prompt import as_batch, is_batch
from structgen.decode.run import run_outputs
from structgen.decode.search.call import SEARCHES, search_events, search_of
from structgen.decode.settings import spread
from structgen.decode.streaming import EventStream, StreamEvent
from structgen.errors import InvalidRequest

SAMPLERS = ("masked", *ALIGNED, *SEARCHES)
"""Every name that ``sampler=`` knows."""


def generate(
    model: Any,
    prompt: Any,
    *,
    schema: Any = None,
    regex: Any = None,
    choice: Any = None,
    grammar: Any = None,
    type: Any = None,
    stop: Any = None,
    tokenizer: Any = None,
    max_tokens: int | Sequence[int] = 256,
    max_time: float | Sequence[float | None] | None = None,
    temperature: float | Sequence[float] = 0.7,
    top_p: float | Sequence[float] = 1.0,
    top_k: int | Sequence[int] = 0,
    min_p: float | Sequence[float] = 0.0,
    typical_p: float | Sequence[float] = 1.0,
    repetition_penalty: float | Sequence[float] = 1.0,
    presence_penalty: float | Sequence[float] = 0.0,
    frequency_penalty: float | Sequence[float] = 0.0,
    logit_bias: Mapping[int, float] | Sequence[Mapping[int, float] | None] | None = None,
    truncate: str | Sequence[str] = "model",
    seed: int | Sequence[int] = 0,
    n: int = 1,
    sampler: Any = "masked",
    state: Any = None,
    logprobs: int | Sequence[int | None] | None = None,
    on_token: Callable[[StreamEvent], object] | None = None,
    stream: bool = False,
    weights: bool = True,
    figures: bool | Sequence[bool] = True,
    forced: str | Sequence[str] = "singleton",
    canonical: bool | Sequence[bool] = False,
    heal: bool | Sequence[bool] = False,
    batch_size: int | None = None,
    errors: str = "raise",
    **grammar_options: Any,
) -> Any:
    """Generate text that satisfies a constraint, always complete within ``max_tokens``.

    ``model``: a transformers causal model, or an object with ``.model`` and ``.tokenizer``.
    ``prompt``: text, a chat (list of messages), token ids, or a list of these.
    Exactly one of ``schema`` (dict, JSON text, Pydantic class, …), ``regex``, ``choice`` (list of
    strings), ``grammar`` (a Grammar or Constraint) and ``type`` (int, a dataclass, Literal[…], …); or none
    of them and ``stop``, strings the first of which ends free text (``stop=[]``: only the model does).
    ``tokenizer``: the model's tokenizer, or a Vocabulary.

    With a list of prompts, what is allowed and every setting of the draw may be a list with an entry for
    each prompt: ``schema=[Person, None], regex=[None, "[a-z]+"], temperature=[0, 0.7]``.  A prompt with
    no constraint of its own in such lists gets free text.

    Returns a Generation; a list for a list of prompts; with ``n`` > 1 a list of n for each prompt.
    With ``stream=True`` an iterator of StreamEvents instead (``for`` or ``async for``), each a ``str`` of new
    text with the parts of a JSON value that it closes, the last one of each output with its
    ``generation``.  ``on_token`` is called with the same events.

    The law is the local one: each token from the model restricted to what is allowed.  The model's law is
    that of its logits after the penalties and ``logit_bias``, ``temperature`` (0: always the most
    probable), ``top_k``, ``top_p``, ``min_p`` and ``typical_p``; ``truncate="allowed"`` applies the last
    four among what is allowed instead (see `structgen.decode.law`).  ``logprobs=k`` notes the k best
    alternatives and the entropy at every token.  ``weights=False`` spares the last pass that scores forced
    tokens behind the last draw (their log-probabilities and ``log_mass`` are then nan).  ``figures=False``
    gives log-probabilities and ``log_mass`` up (nan) for speed with large vocabularies: forced tokens are not
    scored, and where few tokens are allowed only their logits are computed; the law is the same.

    ``forced``: what is done with text that must come next.  "singleton" appends tokens that are the only
    allowed one; "draft" also feeds the usual segmentation of forced text ahead and keeps what the draws
    agree with: the same outputs in fewer passes.  ``canonical=True`` allows only segmentations that the
    tokenizer itself would produce (the canonical law, ``Generation.law``), in which far more is the only
    allowed token; ``forced="canonical"`` is another name for it.  ``heal=True`` takes back the end of a
    prompt that was cut inside a token; the first token then begins with it, the text does not.

    Output i (prompt index times n plus sample index) draws from a generator of its own, seeded by
    (``seed``, i); where ``seed`` is a list, by (the prompt's seed, sample index).  Same inputs, same tokens,
    whatever ``batch_size`` (how many outputs run at once; default: all) and the neighbours are.

    The end token is not counted in ``max_tokens``.  Tokens that could not be finished in what is left
    are never taken, so a tight budget bends the law; ``stats.budget_bans`` tells.  ``max_time`` seconds
    after the call began, the shortest known completion finishes the output without the model.

    ``sampler`` other than "masked" follows the model given the grammar (`structgen.decode.aligned`):
    "global" (or "cars"), "reject", "exact", "asap", "mcmc", "smc", "awrs", or one of these classes with
    options.  ``state``, an AlignedState, keeps what is learned for later calls.  It may also name a search
    (`structgen.decode.search`): "beam", "diverse beam", "best of n", "first finish", "adadec", "cautious", or
    one of the classes in its ``call`` with options; ``n`` outputs come back, best first, fewer where the
    constraint has no more.

    An error inside one output leaves the others alone.  ``errors="raise"`` raises the first one when all
    are done, ``errors="return"`` leaves it in that Generation's ``error``, BudgetTooSmall,
    ContextTooSmall and SamplingFailed too.

    Cost: one pass through the model for each token that is not forced, one mask beside it.

    Raises BudgetTooSmall (before any pass) when no known output fits in ``max_tokens``;
    ContextTooSmall when it does not fit behind the prompt; GrammarError for what cannot be
    constrained; InvalidRequest for arguments out of range.

    >>> import structgen
    >>> pocket = structgen.load()
    >>> structgen.generate(pocket, "Is the sky blue?", choice=["yes", "no"], seed=1).text in ("yes", "no")
    True
    """
    _check(n, batch_size, errors)
    if isinstance(sampler, str) and sampler not in SAMPLERS:
        raise InvalidRequest(f"sampler={sampler!r} is not known; known: {', '.join(map(repr, SAMPLERS))}")
    asked = {"schema": schema, "regex": regex, "choice": choice, "grammar": grammar, "type": type}
    prompts = as_batch(prompt)
    count = len(prompts) if is_batch(prompt) else None
    settings = spread(
        {
            "max_tokens": max_tokens,
            "max_time": max_time,
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "min_p": min_p,
            "typical_p": typical_p,
            "repetition_penalty": repetition_penalty,
            "presence_penalty": presence_penalty,
            "frequency_penalty": frequency_penalty,
            "logit_bias": logit_bias,
            "truncate": truncate,
            "seed": seed,
            "logprobs": logprobs,
            "weights": weights,
            "figures": figures,
            "forced": forced,
            "canonical": canonical,
            "heal": heal,
        },
        count,
    )
    session = Session(model, tokenizer, asked)
    if sampler != "masked":
        if not all(own["figures"] for own in settings):
            raise InvalidRequest(
                f"sampler={sampler!r} weighs what it draws; figures=False is for the masked one"
            )
        wanted = session.wanted(prompts, asked, stop, settings, grammar_options, count)
        search = search_of(sampler)
        if search is not None:
            made = search_events(session, prompts, wanted, search, n=n, keep_errors=errors == "return")
        else:
            made = aligned_events(
                session,
                prompts,
                wanted,
                sampler,
                state,
                n=n,
                batch_size=batch_size,
                keep_errors=errors == "return",
            )
        return _collected(_observed(made, on_token), prompt, n * len(prompts), n, stream, errors)
    outputs = session.outputs(
        prompts,
        asked,
        stop,
        settings,
        grammar_options,
        count,
        n=n,
        own_seeds=isinstance(seed, (list, tuple)),
        keep_errors=errors == "return",
    )
    for output in outputs:
        if stream or on_token is not None:
            output.watch()
        else:
            output.wait()
    events = _observed(run_outputs(session.model, outputs, batch_size=batch_size), on_token)
    return _collected(events, prompt, len(outputs), n, stream, errors)


def _collected(
    events: Generator[StreamEvent, None, None], prompt: Any, count: int, n: int, stream: bool, errors: str
) -> Any:
    """The events themselves, or the finished outputs in the shape of the call."""
    if stream:
        return EventStream(events)
    made: dict[int, Any] = {}
    for event in events:
        if event.generation is not None:
            made[event.row] = event.generation
    if errors == "raise":
        _raise_first(made)
    if n > 1:  # a search may have found fewer
        found: list[Any] = [
            [made[row] for row in range(start, start + n) if row in made] for start in range(0, count, n)
        ]
    else:
        found = [made[row] for row in range(count)]
    return found if is_batch(prompt) else found[0]


def _raise_first(found: Mapping[int, Any]) -> None:
    for row, generation in sorted(found.items()):
        if generation.error is not None:
            if len(found) > 1:
                generation.error.add_note(
                    f"in output {row} of {len(found)}; errors='return' returns the others and this error"
                )
            raise generation.error


def _observed(
    events: Generator[StreamEvent, None, None], on_token: Callable[[StreamEvent], object] | None
) -> Generator[StreamEvent, None, None]:
    try:
        for event in events:
            if on_token is not None:
                on_token(event)
            yield event
    finally:
        events.close()


def _check(n: int, batch_size: int | None, errors: str) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidRequest(f"n must be an integer >= 1, got {n!r}")
    if batch_size is not None and batch_size < 1:
        raise InvalidRequest(f"batch_size must be at least 1, got {batch_size!r}")
    if errors not in ("raise", "return"):
        raise InvalidRequest(f"errors must be 'raise' or 'return', got {errors!r}")
