"""Terminals as languages: what a pattern matches, and ``A | B``, ``A & B``, ``~A``, in that order of binding.

A sequence binds tighter than ``&``, repetition tighter than a sequence, and ``~`` tightest: ``~A+ B & C`` is
``((~A)+ B) & C``.  ``~A`` are all texts but A's.  Groups are kept on a stack of our own.  Knows no rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from structgen.errors import GrammarSyntaxError, InvalidGrammar, RegexSyntaxError
from structgen.grammars.context_free import RuleBook
from structgen.grammars.lark.extensions import Extended, Token, fail
from structgen.grammars.regex.compile import compile_pattern

_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CLOSING = {"(": ")", "[": "]"}
_MOST_ROUNDS = 1_000_000
# A quantifier followed by "?", with what could be taken for one around it.
_LAZY = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<lazy>[*+?}]\?)", re.DOTALL)


def language_of(regex: Any, pattern: str) -> tuple[int, list[str]]:
    """The texts of a pattern in Python's dialect, and notes on what was read as meant.

    A lazy quantifier says that the text ends as soon as it can: of such a pattern those texts are meant that
    do not begin with another of its texts.  Raises what compile_pattern raises.
    """
    language, notes = compile_pattern(regex, pattern, dialect="python")
    if any(match["lazy"] for match in _LAZY.finditer(pattern)):
        more = regex.repeat(regex.code_points([(0, 0x10FFFF)]), 1, None)
        longer = regex.concat([language, more])
        language = regex.intersect([language, regex.complement(longer)])
    return language, notes


def languages_of(
    book: RuleBook, grammar: Extended, known: dict[str, int], report: Any = None
) -> dict[str, int]:
    """The languages of the definitions of ``grammar``; ``known`` are those of lark's terminals."""
    languages = dict(known)
    work = list(grammar.definitions)
    open_ones: set[str] = set()
    while work:
        name = work[-1]
        if name in languages:
            work.pop()
            continue
        body = grammar.definitions[name]
        missing = [token for token in body if token.kind == "terminal" and token.value not in languages]
        for token in missing:
            if token.value not in grammar.definitions:
                raise InvalidGrammar(
                    f"Terminal '{token.value}' used but not defined (in terminal {name})",
                    rule=token.value,
                    **book.where(token.position),
                )
            if token.value in open_ones or token.value == name:
                raise InvalidGrammar(
                    f"the terminal {token.value} is defined by itself; recursion is for rules",
                    rule=token.value,
                    **book.where(token.position),
                )
        if missing:
            open_ones.add(name)
            work += [token.value for token in missing]
            continue
        languages[name] = _Reader(book, name, body, languages, report).language()
        open_ones.discard(name)
        work.pop()
    return {name: languages[name] for name in grammar.definitions}


@dataclass
class _Group:
    sign: str
    position: int
    alternatives: list[int] = field(default_factory=list)
    conjuncts: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    complements: int = 0  # of the next part


class _Reader:
    """Reads one definition."""

    def __init__(
        self, book: RuleBook, name: str, body: list[Token], languages: dict[str, int], report: Any
    ) -> None:
        self.book = book
        self.regex = book.regex
        self.name = name
        self.body = body
        self.languages = languages
        self.report = report
        self.groups = [_Group("", body[0].position if body else 0)]

    def language(self) -> int:
        """The language of the whole definition."""
        at = 0
        while at < len(self.body):
            at = self.take(at)
        if len(self.groups) > 1:
            self.fail(self.groups[-1].position, "this group is not closed")
        return self.closed(self.body[-1].end if self.body else 0)

    def take(self, at: int) -> int:
        """One part or sign; returns the index behind it."""
        token, group = self.body[at], self.groups[-1]
        sign = token.value if token.kind == "sign" else ""
        if sign in ("(", "["):
            self.groups.append(_Group(sign, token.position))
        elif sign in (")", "]"):
            if _CLOSING.get(group.sign) != sign:
                self.fail(token.position, f"{sign!r} closes no group")
            language = self.closed(token.position)
            self.groups.pop()
            self.add(self.regex.repeat(language, 0, 1) if sign == "]" else language)
        elif sign == "|":
            self.conjunct(token.position)
            group.alternatives.append(self.regex.intersect(group.conjuncts))
            group.conjuncts = []
        elif sign == "&":
            self.conjunct(token.position)
        elif sign == "~" and not (at + 1 < len(self.body) and self.body[at + 1].kind == "number"):
            group.complements += 1
        elif sign == "~":
            return self.counted(at)
        elif sign in _MANY:
            self.repeat(token.position, *_MANY[sign])
        elif token.kind == "text" and at + 2 < len(self.body) and self.body[at + 1].value == "..":
            self.add(self.pattern("range", token, self.body[at + 2]))
            return at + 3
        elif token.kind in ("text", "pattern"):
            self.add(self.pattern("literal", token))
        elif token.kind == "terminal":
            self.add(self.languages[token.value])
        elif token.kind == "chunks":
            self.add(self.substring(token.value))
        else:
            shown = token.value if isinstance(token.value, str) else token.kind
            self.fail(token.position, f"expected a text, a pattern, a terminal or an operator, got {shown!r}")
        return at + 1

    def add(self, language: int) -> None:
        group = self.groups[-1]
        if group.complements % 2:
            language = self.regex.complement(language)
        group.complements = 0
        group.parts.append(language)

    def conjunct(self, position: int) -> None:
        """What was read since the last ``&`` or ``|`` is complete."""
        group = self.groups[-1]
        if group.complements or not group.parts:
            self.fail(position, "expected a text, a pattern or a terminal before this")
        group.conjuncts.append(self.regex.concat(group.parts))
        group.parts = []

    def closed(self, position: int) -> int:
        self.conjunct(position)
        group = self.groups[-1]
        whole: int = self.regex.alternate([*group.alternatives, self.regex.intersect(group.conjuncts)])
        return whole

    def repeat(self, position: int, least: int, most: int | None) -> None:
        group = self.groups[-1]
        if group.complements or not group.parts:
            self.fail(position, "expected something to repeat before this sign")
        group.parts[-1] = self.regex.repeat(group.parts[-1], least, most)

    def counted(self, at: int) -> int:
        """``~n`` or ``~n..m``."""
        numbers, behind = [int(self.body[at + 1].value)], at + 2
        if [token.value for token in self.body[behind : behind + 1]] == [".."]:
            if behind + 1 >= len(self.body) or self.body[behind + 1].kind != "number":
                self.fail(self.body[behind].position, "expected a number after '..'")
            numbers.append(int(self.body[behind + 1].value))
            behind += 2
        if not 0 <= numbers[0] <= numbers[-1] <= _MOST_ROUNDS:
            self.fail(self.body[at].position, f"a count is n or n..m with 0 ≤ n ≤ m ≤ {_MOST_ROUNDS}")
        self.repeat(self.body[at].position, numbers[0], numbers[-1])
        return behind

    def pattern(self, kind: str, *tokens: Token) -> int:
        """A text, a pattern or a range of characters, its escapes and flags read by lark."""
        from lark import Token as LarkToken
        from lark import Tree
        from lark.exceptions import LarkError
        from lark.load_grammar import PrepareLiterals

        leaves = [LarkToken("REGEXP" if t.kind == "pattern" else "STRING", t.value) for t in tokens]
        where = self.book.where(tokens[0].position)
        try:
            pattern = PrepareLiterals().transform(Tree(kind, leaves)).children[0].to_regexp()
            language, notes = language_of(self.regex, pattern)
        except (LarkError, AssertionError) as error:
            raise GrammarSyntaxError(f"the terminal {self.name}: {error}", **where) from error
        except RegexSyntaxError as error:
            raise GrammarSyntaxError(
                f"the terminal {self.name}: {error.reason} "
                f"(at character {error.position} of {error.pattern!r})",
                **where,
            ) from error
        if self.report is not None:
            self.report.notes.extend(f"the terminal {self.name}: {note}" for note in notes)
        return language

    def substring(self, chunks: tuple[str, ...]) -> int:
        """Some neighbours among these, or none."""
        regex = self.regex
        empty = regex.literal("")
        rest, starts = empty, [empty]
        for chunk in reversed(chunks):
            starts.append(regex.concat([regex.literal(chunk), rest]))
            rest = regex.alternate([empty, starts[-1]])
        whole: int = regex.alternate(starts)
        return whole

    def fail(self, position: int, message: str) -> None:
        fail(self.book.text, position, f"{message} (in the terminal {self.name})")
