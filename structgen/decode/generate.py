"""`generate`: a model, a prompt and what is allowed in; finished, typed outputs out.

Ties the parts together and holds no algorithm of its own: `request` makes the constraint, `prompt`
the token ids, `run` the tokens and the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from structgen.decode.aligned.call import aligned_generations, sampler_of
from structgen.decode.forward import logits_width
from structgen.decode.prompt import as_batch, encode_prompt, is_batch, model_and_tokenizer, vocabulary_for
from structgen.decode.request import resolve
from structgen.decode.run import make_rows, run
from structgen.decode.sampling import SamplingLaw
from structgen.decode.streaming import StreamEvent
from structgen.errors import InvalidRequest, VocabularyError


def generate(
    model: Any,
    prompt: Any,
    *,
    schema: Any = None,
    regex: str | None = None,
    choice: Any = None,
    grammar: Any = None,
    type: Any = None,
    tokenizer: Any = None,
    max_tokens: int = 256,
    temperature: float = 0.7,
    top_p: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    n: int = 1,
    sampler: Any = "masked",
    state: Any = None,
    on_token: Callable[[StreamEvent], object] | None = None,
    stream: bool = False,
    weights: bool = True,
    batch_size: int | None = None,
    **grammar_options: Any,
) -> Any:
    """Generate text that satisfies a constraint, always complete within ``max_tokens``.

    ``model``: a transformers causal model, or an object with ``.model`` and ``.tokenizer``.
    ``prompt``: text, a chat (list of messages), token ids, or a list of these.
    Exactly one of ``schema`` (dict, JSON text, Pydantic class, …), ``regex``, ``choice`` (list of
    strings), ``grammar`` (a Grammar or Constraint) and ``type`` (int, a dataclass, Literal[…], …).
    ``tokenizer``: the model's tokenizer, or a Vocabulary.

    Returns a Generation; a list for a list of prompts; with ``n`` > 1 a list of n for each prompt.
    With ``stream=True`` an iterator of StreamEvents instead, each a ``str`` of new text, the last one of
    each output with its ``generation``.  ``on_token`` is called with the same events.

    The law is the local one: each token from the model restricted to what is allowed, after
    ``temperature`` (0: always the most probable), narrowed by ``top_k`` and ``top_p`` among what is
    allowed.  ``weights=False`` spares the last pass that scores forced tokens behind the last draw
    (their log-probabilities and ``log_mass`` are then nan).  Output i (prompt index times n plus sample
    index) draws from a generator of its own, seeded by (``seed``, i): same inputs, same tokens,
    whatever ``batch_size`` (how many outputs run at once; default: all) and the neighbours are.

    The end token is not counted in ``max_tokens``.  Tokens that could not be finished in what is left
    are never taken, so a tight budget bends the law; ``stats.budget_bans`` tells.

    Cost: one pass through the model for each token that is not forced, one mask beside it.

    Raises BudgetTooSmall (before any pass) when no known output fits in ``max_tokens``;
    ContextTooSmall when it does not fit behind the prompt; GrammarError for what cannot be
    constrained; InvalidRequest for arguments out of range.

    >>> import structgen
    >>> pocket = structgen.load()
    >>> structgen.generate(pocket, "Is the sky blue?", choice=["yes", "no"], seed=1).text in ("yes", "no")
    True
    """
    law = SamplingLaw(temperature, top_p, top_k)
    if sampler != "masked":
        sampler = sampler_of(sampler)
    _check(max_tokens, seed, n, batch_size)
    model, tokenizer = model_and_tokenizer(model, tokenizer)
    if tokenizer is None and hasattr(grammar, "matcher"):
        tokenizer = grammar.vocabulary.tokenizer or grammar.vocabulary
    vocabulary = grammar.vocabulary if hasattr(grammar, "matcher") else vocabulary_for(model, tokenizer)
    _check_width(logits_width(model), vocabulary)
    constraint, read = resolve(
        vocabulary,
        schema=schema,
        regex=regex,
        choice=choice,
        grammar=grammar,
        type=type,
        options=grammar_options,
    )
    prompts = [encode_prompt(one, tokenizer, vocabulary) for one in as_batch(prompt)]
    if sampler != "masked":
        made = aligned_generations(
            model,
            prompts,
            constraint,
            law,
            read,
            n=n,
            max_tokens=max_tokens,
            seed=seed,
            sampler=sampler,
            state=state,
            batch_size=batch_size,
        )
        events: Iterator[StreamEvent] = (
            StreamEvent(one.text, row=row, tokens=tuple(one.tokens), generation=one)
            for row, one in enumerate(made)
        )
        return _collected(events, prompt, n * len(prompts), n, stream, on_token)
    rows = make_rows(model, constraint, prompts, n=n, max_tokens=max_tokens, seed=seed, weights=weights)
    events = run(model, rows, law, read, batch_size=batch_size)
    return _collected(events, prompt, len(rows), n, stream, on_token)


def _collected(
    events: Iterator[StreamEvent],
    prompt: Any,
    count: int,
    n: int,
    stream: bool,
    on_token: Callable[[StreamEvent], object] | None,
) -> Any:
    """The events themselves, or the finished outputs in the shape of the call."""
    if stream:
        return _observed(events, on_token)
    found: list[Any] = [None] * count
    for event in _observed(events, on_token):
        if event.generation is not None:
            found[event.row] = event.generation
    if n > 1:
        found = [found[start : start + n] for start in range(0, len(found), n)]
    return found if is_batch(prompt) else found[0]


def _observed(
    events: Iterator[StreamEvent], on_token: Callable[[StreamEvent], object] | None
) -> Iterator[StreamEvent]:
    for event in events:
        if on_token is not None:
            on_token(event)
        yield event


def _check(max_tokens: int, seed: int, n: int, batch_size: int | None) -> None:
    for name, value, least in (("max_tokens", max_tokens, 0), ("seed", seed, 0), ("n", n, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidRequest(f"{name} must be an integer >= {least}, got {value!r}")
    if batch_size is not None and batch_size < 1:
        raise InvalidRequest(f"batch_size must be at least 1, got {batch_size!r}")


def _check_width(model_width: int, vocabulary: Any) -> None:
    """Raises VocabularyError when the model has fewer logits than the vocabulary has ids."""
    if model_width < vocabulary.size:
        raise VocabularyError(
            f"the model returns {model_width} logits but the vocabulary has {vocabulary.size} ids; "
            "this is not the model's tokenizer"
        )
