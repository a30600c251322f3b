"""Context-free recognition written as plainly as possible, to compare the native engine with.

A grammar is a dict from rule names to alternatives; an alternative is a tuple of rule names and
single characters.
A set of Earley items is complete and correct for any grammar whose rules all derive something.
"""

from __future__ import annotations

import random

Rules = dict[str, list[tuple[str, ...]]]
Item = tuple[str, int, int, int]  # rule, alternative, dot, where it began


def nullable(rules: Rules) -> set[str]:
    """The rules that derive the empty text."""
    found: set[str] = set()
    while True:
        more = {n for n, bodies in rules.items() if any(all(s in found for s in body) for body in bodies)}
        if more == found:
            return found
        found = more


def productive(rules: Rules) -> set[str]:
    """The rules that derive any text."""
    found: set[str] = set()
    while True:
        more = {
            name
            for name, bodies in rules.items()
            if any(all(s in found or s not in rules for s in body) for body in bodies)
        }
        if more == found:
            return found
        found = more


class Recognizer:
    """Reads a text character by character: what may come next, and may it end here?"""

    def __init__(self, rules: Rules, start: str) -> None:
        self.rules, self.start = rules, start
        self.empty = nullable(rules)
        self.columns: list[set[Item]] = []
        self._close({(start, i, 0, 0) for i in range(len(rules[start]))})

    def _close(self, items: set[Item]) -> None:
        at = len(self.columns)
        work = list(items)
        self.columns.append(items)

        def add(item: Item) -> None:
            if item not in items:
                items.add(item)
                work.append(item)

        while work:
            name, which, dot, origin = work.pop()
            body = self.rules[name][which]
            if dot == len(body):
                for other in list(self.columns[origin]):
                    rest = self.rules[other[0]][other[1]][other[2] :]
                    if rest and rest[0] == name:
                        add((other[0], other[1], other[2] + 1, other[3]))
            elif body[dot] in self.rules:
                for i in range(len(self.rules[body[dot]])):
                    add((body[dot], i, 0, at))
                if body[dot] in self.empty:  # Aycock & Horspool 2002
                    add((name, which, dot + 1, origin))

    def expected(self) -> set[str]:
        """The characters that may come next."""
        bodies = ((self.rules[name][which], dot) for name, which, dot, _ in self.columns[-1])
        return {body[dot] for body, dot in bodies if dot < len(body) and body[dot] not in self.rules}

    def may_end(self) -> bool:
        return any(
            name == self.start and origin == 0 and dot == len(self.rules[name][which])
            for name, which, dot, origin in self.columns[-1]
        )

    def read(self, character: str) -> bool:
        """Whether a text may go on so; if so, it does."""
        moved = set()
        for name, which, dot, origin in self.columns[-1]:
            if self.rules[name][which][dot : dot + 1] == (character,) and character not in self.rules:
                moved.add((name, which, dot + 1, origin))
        if moved:
            self._close(moved)
        return bool(moved)


def random_rules(rng: random.Random, letters: str = "abc") -> Rules:
    """A small grammar, recursive in every way, whose rules all derive something."""
    names = [f"r{i}" for i in range(rng.randint(1, 5))]
    while True:
        rules: Rules = {}
        for name in names:
            rules[name] = [
                tuple(
                    rng.choice(names) if rng.random() < 0.45 else rng.choice(letters)
                    for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4]))
                )
                for _ in range(rng.randint(1, 4))
            ]
        if len(productive(rules)) == len(names):
            return rules


def gbnf_of(rules: Rules, start: str) -> str:
    """The same grammar in GBNF."""
    lines = [f"root ::= {start}"]
    for name, bodies in rules.items():
        written = [" ".join(s if s in rules else f'"{s}"' for s in body) or '""' for body in bodies]
        lines.append(f"{name} ::= {' | '.join(written)}")
    return "\n".join(lines)
