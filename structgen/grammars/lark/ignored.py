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
# A character of each: where the class has one that no later class holds with it, that one.
_ONE_OF = (b"\n", b"\r", b"a", b" ", b"\t", b"\n", b"\r", b"\f", b"\v")
_SHORT = 100  # bytes of a text that is tried
_BEGINS_JSON = b'{["-0123456789tfn'


class Ignored:
    """Ignored texts of these languages, over the expressions of ``regex``."""

    def __init__(self, regex: Any, languages: Iterable[int]) -> None:
        self.regex = regex
        self._not_before: dict[tuple[int, ...], int] = {}
        self._in_any_order: dict[tuple[int, ...], bool] = {}
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
        begun: list[tuple[int, ...]] = [()] * 256
        for kind, bytes_ in enumerate(self.beginnings):
            for byte in bytes_:
                begun[byte] += (kind,)
        self._begun = list(dict.fromkeys(begun))
        """Kinds that may seem to go on with the same bytes."""
        self._sort_of = bytes(map({kinds: sort for sort, kinds in enumerate(self._begun)}.__getitem__, begun))
        """By byte: its place in these."""
        self._before: dict[bytes, int] = {}  # by that place: what may be ignored before such bytes

    @cached_property
    def endings(self) -> list[int]:
        """By kind: the ignored texts one after the other whose last is of this kind."""
        return self.paths(self.pieces)

    def longer(self, piece: int) -> tuple[int, ...]:
        """Which of MORE may be put behind any text of the language, and it still is one.

        A class within one that may be is not asked about, nor one of which a character cannot stand behind
        the shortest text.
        """
        regex, found = self.regex, list[int]()
        other = regex.complement(piece)
        shortest: bytes | None = regex.witness(piece) if regex.distance(piece) <= _SHORT else None
        for number, ranges in enumerate(MORE):
            if any(_within(ranges, MORE[wider]) for wider in found) or (
                (shortest is None or regex.matches(piece, shortest + _ONE_OF[number]))
                and regex.empty(regex.intersect([regex.concat([piece, regex.code_points(ranges)]), other]))
            ):
                found.append(number)
        return tuple(found)

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
        begun = {kind for byte in first for kind in self._begun[self._sort_of[byte]]}
        kinds = tuple(kind for kind in range(len(self.kinds)) if kind not in begun)
        found = self._not_before.get(kinds)
        if found is None:
            nothing = self.regex.literal("")
            found = self._not_before[kinds] = self.repeated(kinds, nothing, {}) or self.regex.alternate(
                [nothing, *(self.endings[kind] for kind in kinds)]
            )
        return found

    def repeated(self, kinds: tuple[int, ...], language: int, behind: dict[int, int]) -> int | None:
        """The language behind what ends with these kinds or nothing, and each of ``behind`` behind its kind.

        Written with one plain repetition before all of it; None where that cannot be.
        """
        regex, others = self.regex, [kind for kind in behind if kind not in kinds]
        first = kinds if self.in_any_order(kinds) else next(filter(None, map(self.before_last, kinds)), None)
        if first is None or not set(first) <= set(kinds):
            return None
        others += [kind for kind in kinds if kind not in first]
        if any(self.before_last(kind) != first for kind in others):
            return None
        last = [regex.concat([self.pieces[kind], behind.get(kind, language)]) for kind in others]
        whole: int = regex.concat([self.in_order(first), regex.alternate([language, *last])])
        return whole

    def in_order(self, kinds: tuple[int, ...]) -> int:
        """The texts of these kinds in any order and number."""
        any_of_them = self.regex.alternate([self.pieces[kind] for kind in kinds])
        whole: int = self.regex.repeat(any_of_them, 0, None)
        return whole

    def in_any_order(self, kinds: tuple[int, ...]) -> bool:
        """Whether the paths that end with these kinds are their texts in any order and number.

        So it is where no other kind may stand before them, and where what may not follow one of them only
        makes it longer: then any row of texts is a path once such neighbours are taken for one text.
        """
        if kinds not in self._in_any_order:
            every = range(len(self.kinds))
            self._in_any_order[kinds] = all(
                self.makes_longer(before, kind)
                if before in kinds
                else self.regex.empty(self.behind(before, self.pieces[kind]))
                for before in every
                for kind in kinds
            )
        return self._in_any_order[kinds]

    def makes_longer(self, before: int, kind: int) -> bool:
        """Whether the texts of a kind that may not follow another one are part of it there."""
        regex, piece = self.regex, self.pieces[before]
        longer = regex.concat([piece, regex.intersect([self.pieces[kind], self.going_on[before]])])
        alone: bool = regex.empty(regex.intersect([longer, regex.complement(piece)]))
        return alone

    def before_last(self, kind: int) -> tuple[int, ...] | None:
        """The kinds that may stand in any order before a last text of this kind; None: not so simple."""
        piece, found = self.pieces[kind], []
        for before in range(len(self.kinds)):
            behind = self.behind(before, piece)
            if behind == piece:
                found.append(before)
            elif not self.regex.empty(behind):
                return None
        return tuple(found) if self.in_any_order(tuple(found)) else None

    def anywhere(self) -> int:
        """Ignored texts, or none, where nothing follows that could belong to them."""
        return self.not_before(())

    def before(self, language: int) -> int:
        """A terminal with what may be ignored before it."""
        regex = self.regex
        sorts = regex.first_bytes(language).translate(self._sort_of)
        alike = sorts[:1]
        whole: int
        if sorts.count(alike) == len(sorts) and not regex.nullable(language):
            before = self._before.get(alike)
            if before is None:
                before = self._before[alike] = self.not_before([self._sort_of.index(alike)])
            whole = regex.concat([before, language])
        else:
            behind = {kind: self.behind(kind, language) for kind in range(len(self.kinds))}
            kinds = tuple(kind for kind, text in behind.items() if text == language)
            some = {kind: text for kind, text in behind.items() if not regex.empty(text)}
            whole = self.repeated(kinds, language, some) or regex.alternate(
                [language, *(regex.concat([self.endings[kind], text]) for kind, text in some.items())]
            )
        return whole

    def before_json(self) -> int:
        """What may be ignored before a JSON text."""
        return self.not_before(_BEGINS_JSON)


def _within(ranges: Ranges, others: Ranges) -> bool:
    return all(any(first <= low and high <= last for first, last in others) for low, high in ranges)
