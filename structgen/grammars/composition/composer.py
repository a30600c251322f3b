"""Building a composition in a native store, with as few automata as possible.

What is regular becomes one regular expression, alternatives of JSON texts one formula; only what is left
is composed out of automata.  A *piece* is a part of the composition on its way there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from structgen._native import CompositionStore
from structgen.errors import GrammarError, VocabularyError

JsonOptions = tuple[str, str, str, str, str]
"""property_order, whitespace, numbers, escapes, words."""


@dataclass(frozen=True)
class Piece:
    """One of three things: a regular language, a formula of JSON texts, an expression of automata.

    ``ends``: an end token must come behind it, so nothing else can.
    """

    regular: int | None = None
    formula: int | None = None
    options: JsonOptions | None = None
    expression: int | None = None
    ends: bool = False


class Composer:
    """Builds pieces; ``special`` maps the names of special tokens to ids, ``ends`` are the end tokens.

    Without ``special`` there is no tokenizer: special tokens are texts then, their names.

    ``named`` collects the tokens that were asked for by name, with the names.
    """

    def __init__(
        self,
        store: Any,
        report: Any = None,
        special: Mapping[str, int] | None = None,
        ends: Iterable[int] = (),
    ) -> None:
        self.store = store
        self.report = report
        self.named: dict[int, str] = {}
        self._special = None if special is None else dict(special)
        self._ends = frozenset(ends)
        self._native = CompositionStore(store)

    def regular(self, language: int, max_tokens: int | None = None) -> Piece:
        """A language of the store's expressions; with ``max_tokens`` of so many tokens at most."""
        if max_tokens is None:
            return Piece(regular=language)
        return Piece(expression=self._native.regular(language, max_tokens))

    def literal(self, text: str) -> Piece:
        """Exactly this text."""
        return Piece(regular=self.store.regex.literal(text))

    def formula(self, formula: int, *options: str) -> Piece:
        """JSON texts whose value satisfies a formula of the store."""
        order, whitespace, numbers, escapes, words = options
        return Piece(formula=formula, options=(order, whitespace, numbers, escapes, words))

    def rules(self, start: int) -> Piece:
        """What the rules of a context-free grammar derive; ``start`` is what building them returned."""
        language = self._native.language(start)
        if language is not None:
            return Piece(regular=language)
        return Piece(expression=self._native.rules(start))

    def substring(self, text: str) -> Piece:
        """A span of ``text``."""
        return Piece(expression=self._native.substring(text))

    def special(self, name: str | int, *, or_text: bool) -> Piece:
        """One special token; raises VocabularyError where there is none of this name."""
        if self._special is None:
            return self.literal(name if isinstance(name, str) else f"<{name}>")
        token = name if isinstance(name, int) else self._special.get(name)
        if token is None and or_text:
            return self.literal(str(name))
        if token is None:
            near = difflib.get_close_matches(str(name), self._special, n=3, cutoff=0.4)
            known = f"; it has {', '.join(near)}" if near else ""
            raise VocabularyError(f"the vocabulary has no special token {name!r}{known}")
        if token in self._ends:
            # The end of the output is read there anyhow, by whichever end token.
            return Piece(regular=self.store.regex.literal(""), ends=True)
        self.named[token] = name if isinstance(name, str) else self._name_of(token)
        return Piece(expression=self._native.token(token))

    def sequence(self, pieces: Iterable[Piece]) -> Piece:
        """One after the other; neighbours that are regular become one."""
        parts: list[Piece] = []
        for piece in pieces:
            if parts and parts[-1].ends:
                raise GrammarError(
                    "something follows an end token of this vocabulary, which ends every output; leave it "
                    "out or make the vocabulary with other end tokens (eos=…)"
                )
            if parts and parts[-1].regular is not None and piece.regular is not None:
                joined = self.store.regex.concat([parts[-1].regular, piece.regular])
                parts[-1] = Piece(regular=joined, ends=piece.ends)
            else:
                parts.append(piece)
        if not parts:
            return self.literal("")
        if len(parts) == 1:
            return parts[0]
        expressions = [self.expression(part) for part in parts]
        return Piece(expression=self._native.sequence(expressions), ends=parts[-1].ends)

    def any(self, pieces: Iterable[Piece]) -> Piece:
        """One of several; those that are regular become one, and so do JSON texts of the same options."""
        regular: list[int] = []
        formulas: dict[JsonOptions, list[int]] = {}
        others: list[int] = []
        ends = False
        for piece in pieces:
            ends = ends or piece.ends
            if piece.regular is not None:
                regular.append(piece.regular)
            elif piece.formula is not None and piece.options is not None:
                formulas.setdefault(piece.options, []).append(piece.formula)
            else:
                others.append(self.expression(piece))
        parts = [Piece(expression=other) for other in others]
        if regular:
            parts.append(Piece(regular=self.store.regex.alternate(regular)))
        for options, some in formulas.items():
            parts.append(Piece(formula=self.store.any_of(some), options=options))
        if len(parts) == 1:
            return Piece(parts[0].regular, parts[0].formula, parts[0].options, parts[0].expression, ends)
        return Piece(expression=self._native.any([self.expression(part) for part in parts]), ends=ends)

    def repeat(self, piece: Piece, least: int, most: int | None) -> Piece:
        """So many times."""
        if piece.ends and (most is None or most > 1):
            raise GrammarError(
                "an end token of this vocabulary cannot be repeated; leave it out of the repetition"
            )
        if piece.regular is not None:
            return Piece(regular=self.store.regex.repeat(piece.regular, least, most), ends=piece.ends)
        return Piece(expression=self._native.repeat(self.expression(piece), least, most), ends=piece.ends)

    def expression(self, piece: Piece) -> int:
        """The piece as an expression of automata."""
        if piece.regular is not None:
            return self._native.regular(piece.regular)
        if piece.formula is not None and piece.options is not None:
            return self._native.formula(piece.formula, *piece.options)
        assert piece.expression is not None
        return piece.expression

    def _name_of(self, token: int) -> str:
        names = (self._special or {}).items()
        return next((name for name, known in names if known == token), f"<{token}>")
