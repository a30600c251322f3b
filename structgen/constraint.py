"""A grammar bound to a vocabulary, and `compile`, which binds them.

Constraints share one native engine: states, masks and subschemas met before are
found again, across sequences and across constraints.  Knows nothing about models.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from structgen import _native, serialized
from structgen.errors import ComplexityLimitExceeded, UnsatisfiableSchema, VocabularyError
from structgen.grammars.choice import choice
from structgen.grammars.composition.composer import Composer, Piece
from structgen.grammars.composition.parts import Composition
from structgen.grammars.context_free import ContextFree
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema, json_schema
from structgen.grammars.json_schema.conflict import why_hard, why_unsatisfiable
from structgen.grammars.json_schema.report import Report
from structgen.matcher import Matcher
from structgen.vocabulary import Vocabulary

# An engine past this size is left to the constraints that use it; new ones start afresh.
ENGINE_LIMIT_BYTES = 64 << 20

_lock = threading.Lock()
_lowering = threading.RLock()
_current: list[_native.Store] = []


def engine_bytes() -> int:
    """Return what the engine that new constraints would share holds in memory."""
    with _lock:
        return _current[0].memory_bytes if _current else 0


def forget_engine() -> None:
    """Let the next constraint start a fresh engine; the old one goes with its last constraint."""
    with _lock:
        _current.clear()


def _store() -> _native.Store:
    with _lock:
        if not _current or _current[0].memory_bytes > ENGINE_LIMIT_BYTES:
            _current[:] = [_native.Store()]
        return _current[0]


@dataclass
class ConstraintReport(Report):
    """A :class:`Report`, with what compilation cost.

    ``liveness`` is "proven" when every allowed token is known to keep a completion
    reachable, else it says why not.  ``seconds`` holds the time by phase (lower, start);
    ``cost`` counts what does not depend on the machine: steps of the search for a first
    completion, formulas that were new to the engine, and the engine's bytes afterwards.
    """

    liveness: str = "proven"
    seconds: dict[str, float] = field(default_factory=dict)
    cost: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON values."""
        return {
            **super().as_dict(),
            "liveness": self.liveness,
            "seconds": dict(self.seconds),
            "cost": dict(self.cost),
        }

    def __str__(self) -> str:
        seconds = ", ".join(f"{phase} {1000 * spent:.1f} ms" for phase, spent in self.seconds.items())
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.cost.items())
        lines = [
            super().__str__(),
            f"liveness: {self.liveness}",
            f"cost: {'; '.join(filter(None, (seconds, counts)))}",
        ]
        return "\n".join(filter(None, lines))


# What can make an array owe an item: where items must differ, an earlier one may use up the value it needs.
_OWED = ("minItems", "contains", "not", "oneOf", "if")


def _liveness(enforced: dict[str, int]) -> str:
    owed = [keyword for keyword in _OWED if keyword in enforced]
    if "uniqueItems" not in enforced or not owed:
        return "proven"
    return (
        f"not proven: with uniqueItems and {', '.join(owed)} an item of more than 32 possible values "
        "may use up the one that a later item needs"
    )


class Constraint:
    """A compiled grammar: immutable, safe to share between threads, the source of matchers."""

    def __init__(
        self,
        grammar: Grammar,
        vocabulary: Vocabulary,
        native: _native.Constraint,
        report: ConstraintReport,
        named_tokens: Mapping[int, str] | None = None,
    ) -> None:
        self.grammar = grammar
        self.vocabulary = vocabulary
        self.report = report
        self.named_tokens = dict(named_tokens or {})
        """Special tokens the grammar asks for: id → name.  They have no bytes; their names stand for them."""
        self._native = native

    def matcher(self) -> Matcher:
        """Return a matcher at the start of an output."""
        return Matcher(self, self._native.matcher())

    def example(self) -> str:
        """Return a shortest known valid output.

        >>> import structgen as sg
        >>> vocabulary = sg.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [b"<end>"], eos=256)
        >>> sg.compile({"type": "array", "minItems": 2, "items": {"minimum": 7}}, vocabulary).example()
        '[7,7]'
        """
        return self.matcher().completion_text().decode()

    def serialize(self) -> bytes:
        """Return the grammar and the vocabulary's fingerprint as bytes, for :meth:`deserialize`.

        Versioned, checked by a digest, free of pickle: it names what to compile and
        never runs code.  Raises GrammarError for a grammar of a class of your own,
        and for a registry that is not a mapping.
        """
        return serialized.dump(self.grammar, self.vocabulary.fingerprint)

    @classmethod
    def deserialize(cls, data: bytes, vocabulary: Vocabulary) -> Constraint:
        """Compile what :meth:`serialize` wrote, for the same vocabulary.

        Raises GrammarError for bytes that are damaged, of another version or not
        written by ``serialize``, VocabularyError for another vocabulary, and what
        :func:`compile` raises.  Cost: that of :func:`compile`.

        >>> vocabulary = Vocabulary.from_tokens([b"yes", b"no", b"<end>"], eos=2)
        >>> saved = compile(choice(["yes", "no"]), vocabulary).serialize()
        >>> Constraint.deserialize(saved, vocabulary).matcher().allowed_tokens()
        [0, 1]
        """
        grammar, fingerprint = serialized.load(data)
        if fingerprint != vocabulary.fingerprint:
            raise VocabularyError(
                "this constraint was serialized with another vocabulary "
                f"(fingerprint {fingerprint[:12]}…, here {vocabulary.fingerprint[:12]}…); "
                "compile its grammar for this one instead"
            )
        return compile(grammar, vocabulary)

    def __repr__(self) -> str:
        return f"Constraint({self.grammar!r}, {self.vocabulary!r})"


def as_grammar(what: Any) -> Grammar:
    """Read what a user may mean by a grammar: a Grammar, a schema (dict, bool or JSON text), a type."""
    if isinstance(what, Grammar):
        return what
    if isinstance(what, dict | bool | str | bytes):
        return json_schema(what)
    if isinstance(what, list | tuple) and all(isinstance(item, str) for item in what):
        return choice(list(what))
    from structgen.grammars.types import type_spec

    return json_schema(type_spec(what).schema)


def _lower(grammar: Grammar, store: _native.Store, report: ConstraintReport) -> int:
    # A callable left in the store would keep it, and with it the engine, alive for ever: so references
    # are settled at once, one schema at a time.
    with _lowering:
        try:
            root = grammar.lower(store, report)
            store.resolve_references()
        except BaseException:
            store.forget_references()
            raise
    return root


def compile(grammar: Any, vocabulary: Vocabulary | Any, *, special_as_text: bool = False) -> Constraint:
    """Bind ``grammar`` to ``vocabulary``.

    ``grammar`` is a Grammar, a JSON Schema (dict, bool or JSON text), a list of
    choices or a type; ``vocabulary`` a Vocabulary, or a tokenizer to make one of.
    No work is proportional to the vocabulary.  ``special_as_text`` reads the special tokens that the
    grammar names as their names: for a look at a grammar without its tokenizer.

    Raises InvalidSchema, UnsupportedKeyword, UnsatisfiableSchema, RegexSyntaxError,
    GrammarSyntaxError or ComplexityLimitExceeded (all GrammarError), and VocabularyError.

    >>> vocabulary = Vocabulary.from_tokens([b"yes", b"no", b"n", b"o", b"<end>"], eos=4)
    >>> compile(choice(["yes", "no"]), vocabulary).matcher().allowed_tokens()
    [0, 1, 2]
    """
    grammar = as_grammar(grammar)
    if not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary.from_tokenizer(vocabulary)
    store = _store()
    report = ConstraintReport()
    began = time.perf_counter()
    formulas = len(store)
    ends = list(vocabulary.eos_ids)
    composer = Composer(
        store, report, None if special_as_text else vocabulary.special_ids, () if special_as_text else ends
    )
    if isinstance(grammar, Composition):
        piece = _composed(grammar, composer)
        lowered = time.perf_counter()
        if piece.regular is not None:
            native = _native.Constraint.from_regex(
                store, piece.regular, vocabulary.trie, vocabulary.width, ends
            )
        else:
            expression = composer.expression(piece)
            native = _native.Constraint.from_composition(
                store, expression, vocabulary.trie, vocabulary.width, ends
            )
        if native is None:
            raise UnsatisfiableSchema("no text at all is in this composition", pointer="")
        return _finished(
            grammar, vocabulary, native, report, (began, lowered, formulas), store, composer.named
        )
    root = _lower(grammar, store, report)
    lowered = time.perf_counter()
    if isinstance(grammar, JsonSchema):
        try:
            native = _native.Constraint.from_formula(
                store,
                root,
                grammar.property_order,
                grammar.whitespace,
                grammar.numbers,
                grammar.escapes,
                grammar.words,
                vocabulary.trie,
                vocabulary.width,
                ends,
            )
        except ComplexityLimitExceeded as error:
            raise why_hard(grammar, error) from None
        if native is None:
            raise why_unsatisfiable(grammar)
    elif isinstance(grammar, ContextFree):
        native = _native.Constraint.from_rules(store, root, vocabulary.trie, vocabulary.width, ends)
    else:
        native = _native.Constraint.from_regex(store, root, vocabulary.trie, vocabulary.width, ends)
        if native is None:
            raise UnsatisfiableSchema("no text at all is in this language", pointer="")
    return _finished(grammar, vocabulary, native, report, (began, lowered, formulas), store, {})


def _composed(grammar: Composition, composer: Composer) -> Piece:
    with _lowering:
        try:
            return grammar.compose(composer)
        except RecursionError:
            raise ComplexityLimitExceeded(
                "the composition is nested too deeply to build; use flat sequences", limit="nesting"
            ) from None
        finally:
            composer.store.forget_references()  # of a schema that turned out to be wrong half-way


def _finished(
    grammar: Grammar,
    vocabulary: Vocabulary,
    native: _native.Constraint,
    report: ConstraintReport,
    start: tuple[float, float, int],
    store: _native.Store,
    named: Mapping[int, str],
) -> Constraint:
    began, lowered, formulas = start
    report.seconds = {"lower": lowered - began, "start": time.perf_counter() - lowered}
    report.cost = {
        "steps": native.steps,
        "new_formulas": len(store) - formulas,
        "engine_bytes": store.memory_bytes,
    }
    report.liveness = _liveness(report.enforced)
    constraint = Constraint(grammar, vocabulary, native, report, named)
    if not vocabulary.covers_all_bytes and not constraint.matcher().mask().any():
        raise VocabularyError("no sequence of this vocabulary's tokens spells a valid output")
    return constraint
