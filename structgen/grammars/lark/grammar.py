"""A grammar in the notation of lark: the value users hold.  load.py reads it."""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError, GrammarSyntaxError
from structgen.grammars.context_free import ContextFree, RuleBook
from structgen.grammars.json_schema.schema import CHOICES
from structgen.grammars.lark.load import read


class Lark(ContextFree):
    """The texts a Lark grammar derives; made by :func:`lark`."""

    __slots__ = ("options",)

    options: tuple[tuple[str, str], ...]

    def __init__(self, text: str, start: str, options: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text, start)
        self.options = options

    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text; what of a pattern was read as meant is noted in ``report``."""
        return read(book, self.start, report, dict(self.options))

    def identity(self) -> Any:
        """The text as written, where it starts, and how JSON is written in it."""
        return (self.text, self.start, self.options)

    def _said(self) -> list[tuple[str, str]]:
        return [*([] if self.start == "start" else [("start", self.start)]), *self.options]


def lark(text: str, *, start: str = "start", **options: str) -> Lark:
    r"""Allow the texts that a Lark grammar derives from the rule ``start``.

    The language is that of ``Lark(text, parser="earley", lexer="dynamic_complete")``: a terminal may
    match any of its texts, and texts of ``%ignore`` may stand before every terminal and at the end, each as
    long as it can be (a comment up to the end of its line).
    A pattern with a lazy quantifier (``/".*?"/``) matches what does not begin with another match of it.
    Priorities choose between parse trees, never between texts, so they are not needed.
    ``%declare`` is refused, since what a declared terminal matches is not part of the grammar, and so are
    negative counts.

    Three additions, in the notation of llguidance:

    * ``%json {…}`` in a rule: the JSON texts that satisfy a schema, as :func:`json_schema` reads it.
      ``options`` are its options (``whitespace="compact"``) and hold for every schema of the grammar;
      ``%ignore`` applies before such a text, not inside of it.
    * ``A & B`` and ``~A`` in a terminal: texts of both, and all texts but A's.  ``~`` binds tighter than
      repetition, ``&`` tighter than ``|``.  (``A~2..4`` stays a repetition.)
    * ``%regex {"substring_words": "…"}`` where a terminal may stand: some neighbouring words of a text, or
      none; likewise ``substring_chars``, and ``substring_chunks`` of a list.  ``%regex /…/`` is ``/…/``.

    The grammar is read when it is compiled: GrammarSyntaxError then says where it goes wrong,
    InvalidGrammar which rule is undefined or derives nothing.  GrammarError for an unknown option.

    >>> lark('start: "a" start "b" | "ab"')
    lark('start: "a" start "b" | "ab"')
    """
    if not isinstance(text, str):
        raise GrammarSyntaxError(f"a grammar is a str, got {type(text).__name__}")
    for name, value in options.items():
        if name not in CHOICES:
            raise GrammarError(f"lark: unknown option {name!r}; options are those of json_schema")
        if value not in CHOICES[name]:
            raise GrammarError(f"lark: {name} is one of {', '.join(CHOICES[name])}, got {value!r}")
    return Lark(text, start, tuple(sorted(options.items())))
