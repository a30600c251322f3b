"""One model and its vocabulary, and the rows that calls ask of them.

What `generate` and the engine have in common between what a user says and what the loop runs.  Knows
how parts fit together; what they do stands in `request`, `settings`, `prompt` and `row`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from structgen.decode.canonical import CanonicalMatcher
from structgen.decode.forced import forced_draft
from structgen.decode.forward import context_length, logits_width
from structgen.decode.healing import HealingMatcher, take_back
from structgen.decode.prompt import encode_prompt, model_and_tokenizer, vocabulary_for
from structgen.decode.request import resolve_rows
from structgen.decode.run import Output, Reader, make_row
from structgen.decode.settings import Settings
from structgen.errors import BudgetTooSmall, VocabularyError
from structgen.grammars.json_schema import JsonSchema


class Session:
    """A model with its tokenizer and vocabulary; ``asked`` may bring the vocabulary (a Constraint).

    Raises VocabularyError when the model has fewer logits than the vocabulary has ids.
    """

    def __init__(self, model: Any, tokenizer: Any, asked: Mapping[str, Any] | None = None) -> None:
        self.model, self.tokenizer = model_and_tokenizer(model, tokenizer)
        bound = _bound_vocabulary(asked or {})
        if self.tokenizer is None and bound is not None:
            self.tokenizer = bound.tokenizer or bound
        self.vocabulary = bound or vocabulary_for(self.model, self.tokenizer)
        self.context = context_length(self.model)
        width = logits_width(self.model)
        if width < self.vocabulary.size:
            raise VocabularyError(
                f"the model returns {width} logits but the vocabulary has {self.vocabulary.size} ids; "
                "this is not the model's tokenizer"
            )

    def outputs(
        self,
        prompts: Sequence[Any],
        asked: Mapping[str, Any],
        stop: Any,
        settings: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
        count: int | None,
        *,
        n: int = 1,
        own_seeds: bool = False,
        first: int = 0,
        keep_errors: bool = False,
    ) -> list[Output]:
        """An output for each prompt and sample.

        ``count``: how many prompts lists in ``asked`` are for, None: a single one.  ``own_seeds``: each
        prompt counts its samples from 0.  ``first``: the index of the first row.  ``keep_errors``: an output
        that has too little room is made all the same, and has failed.
        """
        found: list[Output] = []
        every = self.wanted(prompts, asked, stop, settings, options, count)
        for prompt, (constraint, read, own) in zip(prompts, every, strict=True):
            ids = encode_prompt(prompt, self.tokenizer, self.vocabulary)
            ids, owed = take_back(ids, self.vocabulary) if own.heal else (ids, b"")
            source = Wrapped(constraint, canonical=own.is_canonical, owed=owed)
            propose = forced_draft if own.forced == "draft" else None
            for sample in range(n):
                index = first + len(found)
                stream = sample if own_seeds else len(found)
                its = {**own.for_row(), "stream": stream, "propose": propose}
                try:
                    row = make_row(index, ids, source, self.context, **its)
                except BudgetTooSmall as error:
                    if not keep_errors:
                        raise
                    row = make_row(index, ids, source, None, **{**its, "max_tokens": error.needed})
                    row.fail(error)
                row.law_name = "canonical" if own.is_canonical else "local"
                found.append(Output(row, read, json=isinstance(constraint.grammar, JsonSchema)))
        return found

    def wanted(
        self,
        prompts: Sequence[Any],
        asked: Mapping[str, Any],
        stop: Any,
        settings: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
        count: int | None,
    ) -> list[tuple[Any, Reader, Settings]]:
        """For each prompt the constraint, how its text is read, and the settings."""
        checked = [Settings.of(values) for values in settings]
        resolved = resolve_rows(self.vocabulary, asked, stop, count, options)
        for constraint, _ in resolved:
            self._check_bound(constraint)
        return [(*one, own) for one, own in zip(resolved, checked, strict=True)]

    def _check_bound(self, constraint: Any) -> None:
        """Constraints compiled elsewhere must be for this vocabulary."""
        own = constraint.vocabulary
        if own is not self.vocabulary and own != self.vocabulary:
            raise VocabularyError(
                "a constraint was compiled for another vocabulary than this model's; "
                "compile its grammar for this one, or give the grammar itself"
            )


class Wrapped:
    """A constraint whose matchers heal the prompt's end (``owed``) and keep to canonical segmentations."""

    def __init__(self, constraint: Any, *, canonical: bool, owed: bytes) -> None:
        self.vocabulary, self.grammar = constraint.vocabulary, constraint.grammar
        self.named_tokens = getattr(constraint, "named_tokens", None)
        self._constraint, self._canonical, self._owed = constraint, canonical, owed

    def matcher(self) -> Any:
        matcher = self._constraint.matcher()
        if self._owed:
            matcher = HealingMatcher(matcher, self.vocabulary, self._owed)
        return CanonicalMatcher(matcher, self.vocabulary) if self._canonical else matcher

    def serialize(self) -> bytes:
        """What tells it from others; not to be read back."""
        inner: bytes = self._constraint.serialize()
        return b"%d %d " % (self._canonical, len(self._owed)) + self._owed + inner


def _bound_vocabulary(asked: Mapping[str, Any]) -> Any:
    """The vocabulary of the first Constraint among what is asked for, where there is one."""
    for value in (asked.get("grammar"), asked.get("schema")):
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None and hasattr(one, "matcher") and hasattr(one, "vocabulary"):
                return one.vocabulary
    return None
