r"""What ``%ignore`` lets stand before terminals, as lark reads it: an ignored text goes on as long as it can.

    %ignore /#[^\n]*/    a comment reaches to the end of its line; what follows on that line is part of it

So behind an ignored text no character may stand that would only make it longer.  Which these are is asked of
each kind of ignored text: those of a few classes (MORE) that may be put behind any text of it.  Ignored texts
come in any number and order: the paths of a small graph, whose nodes are the kinds and whose edges are the
texts that may follow, as one language (Kleene 1956).  Where what may not follow would have been part of the
text before it (blanks behind blanks), that is plain repetition, which has far fewer states.  Knows no rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

_LAST = 0x10FFFF
Ranges = list[tuple[int, int]]
# Classes of characters by which ignored texts are made longer: any, those of a line, blanks one by one.
MORE: tuple[Ranges, ...] = (
    [(0, _LAST)],
    [(0, 9), (11, _LAST)],
    [(0, 9), (11, 12), (14, _LAST)],
    *([(ord(blank), ord(blank))] for blank in " \t\n\r\f\v"),
)
_BEGINS_JSON = b'{["-0123456789tfn'


class Ignored:
    """Ignored texts of these languages, over the expressions of ``regex``."""

    def __init__(self, regex: Any, languages: Iterable[int]) -> None:
        self.regex = regex
        self._not_before: dict[tuple[int, ...], int] = {}
        self.anything = regex.repeat(regex.code_points(MORE[0]), 0, None)
        kinds: dict[tuple[int, ...], list[int]] = {}
        for language in languages:
            piece = regex.intersect([language, regex.repeat(regex.code_points(MORE[0]), 1, None)])
            if not regex.empty(piece):
                kinds.setdefault(self.longer(piece), []).append(piece)
        self.kinds = list(kinds)
        self.pieces = [regex.alternate(pieces) for pieces in kinds.values()]
        more = [regex.code_points([one for number in kind for one in MORE[number]]) for kind in kinds]
        self.going_on = [regex.concat([one, self.anything]) for one in more]
        """By kind: the texts that begin as if the ignored text before them went on."""
        self.beginnings = [frozenset(regex.first_bytes(one)) for one in more]
        """By kind: their first bytes, which no other has: MORE has all beyond ASCII, or none of it."""

    @cached_property
    def endings(self) -> list[int]:
        """By kind: the ignored texts one after the other whose last is of this kind."""
        return self.paths(self.pieces)

    def longer(self, piece: int) -> tuple[int, ...]:
        """Which of MORE may be put behind any text of the language, and it still is one."""
        regex = self.regex
        other = regex.complement(piece)
        return tuple(
            number
            for number, ranges in enumerate(MORE)
            if regex.empty(regex.intersect([regex.concat([piece, regex.code_points(ranges)]), other]))
        )

    def paths(self, pieces: list[int]) -> list[int]:
        regex, some = self.regex, range(len(pieces))
        edges = [[self.behind(kind, piece) for piece in pieces] for kind in some]
        for middle in some:
            loop = regex.repeat(edges[middle][middle], 0, None)
            edges = [
                [
                    regex.alternate([edges[a][b], regex.concat([edges[a][middle], loop, edges[middle][b]])])
                    for b in some
                ]
                for a in some
            ]
        return [
            regex.alternate([pieces[b], *(regex.concat([pieces[a], edges[a][b]]) for a in some)])
            for b in some
        ]

    def behind(self, kind: int, language: int) -> int:
        """Texts of the language that do not begin as if what is ignored before them, of a kind, went on."""
        regex, on = self.regex, self.going_on[kind]
        if regex.empty(regex.intersect([language, on])):
            return language
        whole: int = regex.intersect([language, regex.complement(on)])
        return whole

    def not_before(self, first: Iterable[int]) -> int:
        """Ignored texts, or none, that a text with one of these first bytes would not go on with."""
        kinds = tuple(kind for kind, bytes_ in enumerate(self.beginnings) if bytes_.isdisjoint(first))
        found = self._not_before.get(kinds)
        if found is None:
            regex = self.regex
            if self.in_any_order(kinds):
                found = regex.repeat(regex.alternate([self.pieces[kind] for kind in kinds]), 0, None)
            else:
                found = regex.alternate([regex.literal(""), *(self.endings[kind] for kind in kinds)])
            self._not_before[kinds] = found
        return found

    def in_any_order(self, kinds: tuple[int, ...]) -> bool:
        """Whether the paths that end with these kinds are their texts in any order and number.

        So it is where no other kind may stand before them, and where what may not follow one of them only
        makes it longer: then any row of texts is a path once such neighbours are taken for one text.
        """
        regex = self.regex
        for before in range(len(self.kinds)):
            for kind in kinds:
                piece = self.pieces[kind]
                if before not in kinds:
                    if not regex.empty(self.behind(before, piece)):
                        return False
                    continue
                left_out = regex.intersect([piece, self.going_on[before]])
                longer = regex.concat([self.pieces[before], left_out])
                if not regex.empty(regex.intersect([longer, regex.complement(self.pieces[before])])):
                    return False
        return True

    def anywhere(self) -> int:
        """Ignored texts, or none, where nothing follows that could belong to them."""
        return self.not_before(())

    def before(self, language: int) -> int:
        """A terminal with what may be ignored before it."""
        regex = self.regex
        first = frozenset(regex.first_bytes(language))
        begins_alike = all(one.isdisjoint(first) or one.issuperset(first) for one in self.beginnings)
        whole: int
        if begins_alike and not regex.nullable(language):
            whole = regex.concat([self.not_before(first), language])
        else:
            behind = [self.behind(kind, language) for kind in range(len(self.kinds))]
            pairs = zip(self.endings, behind, strict=True)
            whole = regex.alternate([language, *(regex.concat(pair) for pair in pairs)])
        return whole

    def before_json(self) -> int:
        """What may be ignored before a JSON text."""
        return self.not_before(_BEGINS_JSON)
