"""`generate(sampler=…)` for searches: names, options, finished Generations.

Each class holds the options of one search; the algorithms stand in the modules beside this one.  The
``n`` of a call says how many outputs come back, best first where the search ranks them.

Knows what a Generation is, and holds no algorithm of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Protocol

from structgen.decode.call import Session, Wrapped
from structgen.decode.law import SamplingLaw
from structgen.decode.prompt import encode_prompt
from structgen.decode.result import Generation, failed
from structgen.decode.search.adadec import adadec
from structgen.decode.search.beam import By, beam_search
from structgen.decode.search.best_of_n import best_of_n
from structgen.decode.search.cntp import cautious
from structgen.decode.search.diverse_beam import diverse_beam_search
from structgen.decode.search.first_finish import first_finish
from structgen.decode.settings import Settings
from structgen.decode.streaming import StreamEvent
from structgen.errors import BudgetTooSmall, InvalidRequest


@dataclass(frozen=True)
class Request:
    """One prompt of a call, ready for a search."""

    model: Any
    tokenizer: Any
    prompt: list[int]
    constraint: Any
    settings: Settings

    def for_draws(self) -> dict[str, Any]:
        """What a search that draws by `generate` passes on to it."""
        own = self.settings
        kept = {part.name: getattr(own, part.name) for part in fields(own) if part.name != "law"}
        return {
            **{part.name: getattr(own.law, part.name) for part in fields(own.law)},
            **kept,
            "tokenizer": self.tokenizer,
            "grammar": self.constraint,
        }

    def for_frontier(self, name: str) -> dict[str, Any]:
        """What a search over prefixes takes.

        Raises InvalidRequest for settings that mean nothing there.
        """
        own = self.settings
        if own.law != SamplingLaw(own.law.temperature):
            raise InvalidRequest(
                f"sampler={name!r} ranks by the model's law at a temperature; leave the rest out"
            )
        if own.heal or own.max_time is not None or own.forced == "draft" or own.logprobs is not None:
            raise InvalidRequest(
                f'heal=, max_time=, logprobs= and forced="draft" do not go with sampler={name!r}'
            )
        return {
            "constraint": Wrapped(self.constraint, canonical=True, owed=b"")
            if own.is_canonical
            else self.constraint,
            "tokenizer": self.tokenizer,
            "max_tokens": own.max_tokens,
            "temperature": own.law.temperature or 1.0,
        }


class Search(Protocol):
    """The options of one search; ``name`` is what `generate` calls it."""

    name: str

    def find(self, request: Request, n: int) -> list[Generation]:
        """Return at most ``n`` outputs, fewer only where there are no more."""
        ...


@dataclass(frozen=True)
class Beam:
    """`beam_search`: the n best of ``beams`` beams (at least n)."""

    beams: int = 4
    by: By = "local"
    length_penalty: float = 0.0
    name = "beam"

    def find(self, request: Request, n: int) -> list[Generation]:
        options = {**asdict(self), "beams": max(self.beams, n), "returned": n}
        return beam_search(request.model, request.prompt, **options, **request.for_frontier(self.name))


@dataclass(frozen=True)
class DiverseBeam:
    """`diverse_beam_search`: the best output of each of n groups."""

    beams: int = 2
    diversity: float = 1.0
    name = "diverse beam"

    def find(self, request: Request, n: int) -> list[Generation]:
        return diverse_beam_search(
            request.model, request.prompt, groups=n, **asdict(self), **request.for_frontier(self.name)
        )


@dataclass(frozen=True)
class BestOfN:
    """`best_of_n`: the n best of ``draws`` (at least n) draws."""

    draws: int = 8
    by: Literal["model", "local", "mean"] = "model"
    name = "best of n"

    def find(self, request: Request, n: int) -> list[Generation]:
        drawn = max(self.draws, n)
        found = best_of_n(request.model, request.prompt, n=drawn, by=self.by, **request.for_draws())
        return [replace(one, law="best of n") for one in found[:n]]


@dataclass(frozen=True)
class FirstFinish:
    """`first_finish`: the n that end first among ``draws`` (at least n)."""

    draws: int = 4
    name = "first finish"

    def find(self, request: Request, n: int) -> list[Generation]:
        drawn = max(self.draws, n)
        return first_finish(request.model, request.prompt, n=drawn, wanted=n, **request.for_draws())


@dataclass(frozen=True)
class AdaDec:
    """`adadec`: one output, the most probable next token with lookahead where the model is uncertain."""

    threshold: float = 1.0
    k: int = 3
    lookahead: int = 5
    name = "adadec"

    def find(self, request: Request, n: int) -> list[Generation]:
        if n > 1:
            raise InvalidRequest(f"sampler='adadec' finds one output, the same every time; got n={n}")
        return [adadec(request.model, request.prompt, **asdict(self), **request.for_frontier(self.name))]


@dataclass(frozen=True)
class Cautious:
    """`cautious`: draws, with several trials where the model is uncertain; output i has seed ``seed`` + i."""

    threshold: float = 1.0
    trials: int = 5
    span: int = 12
    name = "cautious"

    def find(self, request: Request, n: int) -> list[Generation]:
        given = {**asdict(self), **request.for_frontier(self.name)}
        seeds = range(request.settings.seed, request.settings.seed + n)
        return [cautious(request.model, request.prompt, seed=seed, **given) for seed in seeds]


SEARCHES: dict[str, Callable[[], Search]] = {
    kind.name: kind for kind in (Beam, DiverseBeam, BestOfN, FirstFinish, AdaDec, Cautious)
}


def search_of(what: Any) -> Search | None:
    """A search by name, or one made by the caller; None for whatever is not a search."""
    if isinstance(what, str):
        return SEARCHES[what]() if what in SEARCHES else None
    return what if callable(getattr(what, "find", None)) else None


def search_events(
    session: Session,
    prompts: Sequence[Any],
    wanted: Sequence[tuple[Any, Callable[[str], Any], Settings]],
    search: Search,
    *,
    n: int,
    keep_errors: bool = False,
) -> Generator[StreamEvent, None, None]:
    """The outputs of a call as one event each, prompt by prompt.

    ``keep_errors``: those of a prompt with too little room have failed, and the others are made.
    """
    requests = [
        (
            Request(
                session.model,
                session.tokenizer,
                encode_prompt(prompt, session.tokenizer, session.vocabulary),
                constraint,
                settings,
            ),
            read,
        )
        for prompt, (constraint, read, settings) in zip(prompts, wanted, strict=True)
    ]
    was_training = session.model.training
    session.model.eval()
    try:
        for index, (request, read) in enumerate(requests):
            try:
                outputs = search.find(request, n)
            except BudgetTooSmall as error:
                if not keep_errors:
                    raise
                outputs = [failed(error, search.name)] * n
            for place, found in enumerate(outputs):
                one = found if found.error else replace(found, value=read(found.text))
                yield StreamEvent(one.text, row=index * n + place, tokens=tuple(one.tokens), generation=one)
    finally:
        session.model.train(was_training)
