"""`generate(sampler=…)` for every sampler but plain masking: names, targets, finished Generations.

Holds no algorithm of its own.  Knows what a Generation is; the samplers do not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from structgen.decode.aligned.asap import Asap
from structgen.decode.aligned.awrs import Awrs
from structgen.decode.aligned.cars import Cars
from structgen.decode.aligned.exact import Exact
from structgen.decode.aligned.mcmc import Mcmc
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.reject import Reject
from structgen.decode.aligned.sampler import Sampler
from structgen.decode.aligned.smc import Smc
from structgen.decode.aligned.state import AlignedState
from structgen.decode.aligned.target import Target
from structgen.decode.call import Session, Wrapped
from structgen.decode.matching import spelled
from structgen.decode.prompt import encode_prompt
from structgen.decode.result import Generation, Stats, failed
from structgen.decode.settings import Settings
from structgen.decode.streaming import StreamEvent
from structgen.errors import BudgetTooSmall, ContextTooSmall, InvalidRequest, SamplingFailed

NAMES: dict[str, Callable[[], Sampler]] = {
    "global": Cars,
    "cars": Cars,
    "reject": Reject,
    "asap": Asap,
    "mcmc": Mcmc,
    "smc": Smc,
    "awrs": Awrs,
    "exact": Exact,
}


def sampler_of(what: Any) -> Sampler:
    """A sampler by name, or one made by the caller.  Raises InvalidRequest for anything else."""
    if isinstance(what, str):
        if what not in NAMES:
            known = ", ".join(map(repr, ("masked", *NAMES)))
            raise InvalidRequest(f"sampler={what!r} is not known; known: {known}")
        return NAMES[what]()
    if not callable(getattr(what, "sample", None)) or not hasattr(what, "law"):
        raise InvalidRequest(f"sampler= takes a name or a Sampler such as Smc(particles=64), got {what!r}")
    found: Sampler = what
    return found


def aligned_events(
    session: Session,
    prompts: Sequence[Any],
    wanted: Sequence[tuple[Any, Callable[[str], Any], Settings]],
    sampler: Any,
    state: AlignedState | None = None,
    *,
    n: int,
    batch_size: int | None = None,
    keep_errors: bool = False,
) -> Generator[StreamEvent, None, None]:
    """The outputs of a call as one event each, prompt by prompt, n each.

    ``keep_errors``: those of a prompt with too little room, or for which the sampler gives up, have failed,
    and the others are made.
    """
    chosen = sampler_of(sampler)
    state = AlignedState() if state is None else state
    targets: list[Target | BudgetTooSmall] = []
    for prompt, one in zip(prompts, wanted, strict=True):
        ids = encode_prompt(prompt, session.tokenizer, session.vocabulary)
        try:
            targets.append(_target(session, ids, *one, batch_size))
        except BudgetTooSmall as error:
            if not keep_errors:
                raise
            targets.append(error)
    return _events(session.model, targets, wanted, chosen, state, n, keep_errors)


def _events(
    model: Any,
    targets: Sequence[Target | BudgetTooSmall],
    wanted: Sequence[tuple[Any, Callable[[str], Any], Settings]],
    chosen: Sampler,
    state: AlignedState,
    n: int,
    keep_errors: bool,
) -> Generator[StreamEvent, None, None]:
    was_training = model.training
    model.eval()
    try:
        for index, (target, (_, read, settings)) in enumerate(zip(targets, wanted, strict=True)):
            try:
                if isinstance(target, BudgetTooSmall):
                    raise target
                samples = chosen.sample(target, n, (settings.seed, index), state.trie(target))
            except (BudgetTooSmall, SamplingFailed) as error:
                if not keep_errors:
                    raise
                for row in range(index * n, index * n + n):
                    yield StreamEvent("", row=row, tokens=(), generation=failed(error, chosen.law))
                continue
            state.trim()
            for place, output in enumerate(samples.outputs):
                one = _generation(target, chosen, samples, place, output, read)
                yield StreamEvent(one.text, row=index * n + place, tokens=tuple(one.tokens), generation=one)
    finally:
        model.train(was_training)


def _target(
    session: Session,
    prompt: Sequence[int],
    constraint: Any,
    read: Callable[[str], Any],
    settings: Settings,
    batch_size: int | None,
) -> Target:
    if settings.heal or settings.max_time is not None or settings.forced == "draft":
        raise InvalidRequest('heal=, max_time= and forced="draft" belong to sampler="masked"; leave them out')
    source = Wrapped(constraint, canonical=True, owed=b"") if settings.is_canonical else constraint
    context, max_tokens = session.context, settings.max_tokens
    room = max_tokens if context is None else min(max_tokens, max(0, context - len(prompt)))
    try:
        return Target(session.model, prompt, source, settings.law, room, batch_size or 16)
    except BudgetTooSmall as error:
        if context is None or error.needed > max_tokens:
            raise BudgetTooSmall(error.needed, max_tokens) from None
        raise ContextTooSmall(error.needed, room, prompt_tokens=len(prompt), context=context) from None


def _generation(
    target: Target,
    sampler: Sampler,
    samples: Samples,
    place: int,
    output: Output,
    read: Callable[[str], Any],
) -> Generation:
    tokens = output.tokens[:-1]
    constraint = target.constraint
    data = spelled(tokens, constraint.vocabulary, getattr(constraint, "named_tokens", None))
    text = data.decode("utf-8", errors="replace")
    masked = [p - z for p, z in zip(output.log_p, output.log_z, strict=True)]
    stats = Stats(
        prompt_tokens=len(target.prompt),
        forward_passes=samples.passes[place],
        drawn_tokens=sum(m < 0 for m in masked[:-1]),
        forced_tokens=sum(m == 0 for m in masked[:-1]),
    )
    return Generation(
        text=text,
        value=read(text),
        tokens=tokens,
        logprobs=output.log_p[:-1],
        masked_logprobs=masked[:-1],
        log_mass=sum(output.log_z),
        finish_reason="stop" if masked[-1] < 0 else "complete",
        law=sampler.law,
        end_logprob=output.log_p[-1],
        end_masked_logprob=masked[-1],
        log_weight=output.log_weight,
        log_language_mass=samples.log_mass,
        stats=stats,
    )
