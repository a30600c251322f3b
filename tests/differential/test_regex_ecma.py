"""ECMA-262 patterns against a JavaScript engine: ``new RegExp(pattern, "u").test(text)``.

Random patterns over the syntax of the u flag (groups, named groups, lazy and counted quantifiers, classes
with escapes in them, properties, escapes of every kind, lookarounds, boundaries) and random texts; one
process of Node.js judges them all.  What the u flag calls a syntax error is read leniently here, with a
note, so such patterns are only counted.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import settings

from structgen import _native
from structgen.errors import ComplexityLimitExceeded, RegexSyntaxError
from structgen.grammars.regex import compile_pattern

NODE = shutil.which("node")
ORACLE = """
const lines = require("fs").readFileSync(0, "utf8").trim().split("\\n");
for (const line of lines) {
  const [pattern, texts] = JSON.parse(line);
  let verdict = null;
  try {
    const plain = new RegExp(pattern, "u");
    // V8 also tries the place inside a surrogate pair, where the specification has none: \\B matches there.
    const stepping = new RegExp("^[^]*?(?:" + pattern + ")", "u");
    verdict = texts.map((text) => (/[\\ud800-\\udfff]/.test(text) ? stepping : plain).test(text));
  } catch (error) {}
  console.log(JSON.stringify(verdict));
}
"""

# A small alphabet in which every class below has members and others: words, blanks, line ends, an accent,
# scripts, a character beyond the first plane, controls.
LETTERS = [*"abAZ_07 \n\r\t-]éßλЖ中😀\u2028"]
ATOMS = [
    " ",
    *r"a b A Z _ 0 7 é λ 中 😀 . \d \D \w \W \s \S \t \n \r \cJ \cj \x61 \u0061 \u{61} \u{1F600}".split(),
    *r"\ud83d\ude00 - \] \/ \$ \0 \p{L} \p{Lu} \P{Ll} \p{Nd} \p{Zs} \p{Letter} \p{gc=Lu}".split(),
    *r"\p{General_Category=Uppercase_Letter} \p{Script=Greek} \p{sc=Cyrillic} \p{scx=Latin}".split(),
    *r"\p{Script_Extensions=Han} \p{Alphabetic} \P{Alpha} \p{White_Space} \p{Uppercase} \p{Lower}".split(),
    *r"\p{ASCII} \p{Any} \P{Any} \p{Assigned} \p{Emoji_Presentation} \p{ID_Start} \p{XIDC}".split(),
    r"\p{ASCII_Hex_Digit}",
]
IN_CLASS = [
    " ",
    *r"a b _ 0 . * ( | ^ $ a-z A-Z 0-7 é-λ 一-龠 😀-😂 \d \W \s \w \p{Ll} \P{L} \p{Script=Greek}".split(),
    *r"\- \] \\ \b \cJ \x61-\x63 \u{1F600} \u0061-\u0062 \^ \n".split(),
]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}", "{0}"]
EDGES = ["^", "$", r"\b", r"\B"]


class Generator:
    """Random patterns of bounded size; every group gets a name of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0

    def pattern(self) -> str:
        self.names = 0
        body = self.alternatives(3, behind="")
        shape = self.random.random()
        return f"^(?:{body})$" if shape < 0.4 else f"^{body}" if shape < 0.5 else body

    def alternatives(self, depth: int, *, behind: str) -> str:
        count = self.random.choice([1, 1, 1, 2, 3])
        return "|".join(self.sequence(depth, behind=behind) for _ in range(count))

    def sequence(self, depth: int, *, behind: str) -> str:
        return "".join(self.term(depth, behind=behind) for _ in range(self.random.randint(0, 3)))

    def term(self, depth: int, *, behind: str) -> str:
        pick = self.random.random()
        # Looking back inside a lookahead inside a lookbehind is refused by name.
        if pick < 0.12:
            return "$" if behind == "ahead in behind" else self.random.choice(EDGES)
        if pick < 0.22 and depth > 0:
            forward = ["(?=", "(?!"]
            kind = self.random.choice(forward if behind == "ahead in behind" else [*forward, "(?<=", "(?<!"])
            inner = "behind" if "<" in kind else "ahead in behind" if behind else ""
            return kind + self.alternatives(depth - 1, behind=inner) + ")"
        return self.atom(depth, behind=behind) + self.quantifier()

    def quantifier(self) -> str:
        if self.random.random() < 0.6:
            return ""
        return self.random.choice(QUANTIFIERS) + self.random.choice(["", "", "?"])

    def atom(self, depth: int, *, behind: str) -> str:
        pick = self.random.random()
        if pick < 0.3 and depth > 0:
            self.names += 1
            opening = self.random.choice(["(", "(?:", f"(?<n{self.names}>", f"(?<ñ$_{self.names}>"])
            return opening + self.alternatives(depth - 1, behind=behind) + ")"
        if pick < 0.5:
            parts = self.random.choices(IN_CLASS, k=self.random.randint(0, 3))
            return f"[{self.random.choice(['', '^'])}{''.join(parts)}]"
        return self.random.choice(ATOMS)

    def text(self) -> str:
        return "".join(self.random.choices(LETTERS, k=self.random.randint(0, 5)))


def judged(cases: list[tuple[str, list[str]]]) -> list[list[bool] | None]:
    assert NODE is not None
    lines = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run([NODE, "-e", ORACLE], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(pattern: str, texts: list[str]) -> list[bool] | str:
    store = _native.RegexStore()
    try:
        expression, _ = compile_pattern(store, pattern, dialect="ecma")
    except (RegexSyntaxError, ComplexityLimitExceeded) as error:
        return str(error)
    return [store.matches(expression, text) for text in texts]


def test_random_patterns_match_what_a_javascript_engine_says() -> None:
    if NODE is None:
        pytest.skip("Node.js is not installed, and it is the oracle here")
    nightly = settings().max_examples > 100
    generator = Generator(random.randrange(2**32) if nightly else 0)
    cases = [
        (generator.pattern(), [generator.text() for _ in range(12)])
        for _ in range(20_000 if nightly else 1500)
    ]
    wrong: list[Any] = []
    valid = matched = limits = 0
    for (pattern, texts), expected in zip(cases, judged(cases), strict=True):
        if expected is None:
            continue
        valid += 1
        matched += sum(expected)
        found = ours(pattern, texts)
        if isinstance(found, str) and "too complex" in found:
            limits += 1
        elif found != expected:
            wrong.append((pattern, found if isinstance(found, str) else texts, expected))
    assert not wrong, (len(wrong), min(wrong, key=lambda case: len(case[0])))
    assert valid > 0.9 * len(cases)
    assert 0.1 * valid * 12 < matched < 0.9 * valid * 12
    assert limits < 0.01 * valid
