"""Grammars people use against lark itself: parser="earley", lexer="dynamic_complete".

For every grammar of the shared data: texts from random walks over masks are accepted by lark, and texts
with a character changed, lost or doubled are judged alike.  GBNF is translated to lark's notation here.
The profile ``nightly`` takes 200 texts of each grammar, and every grammar there is.
"""

from __future__ import annotations

import functools
import random
import re
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

import structgen as sg

LAYOUT = ("%declare _INDENT _DEDENT", '_INDENT: "<INDENT>"\n_DEDENT: "<DEDENT>"')
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
FILES = [
    *(f"grammars/gbnf/{name}.gbnf" for name in ("arithmetic", "english", "japanese", "json", "list")),
    *(f"grammars/lark/{name}.lark" for name in ("csv", "json", "python2")),
    *(f"aligned/BV4/find_inv_{name}_4bit.gbnf" for name in ("bvsge_bvashr1", "ne_bvudiv0", "eq_bvand")),
    *(f"aligned/SLIA/{name}.gbnf" for name in ("firstname", "initials_small", "name-combine-4-long")),
    *(f"aligned/SLIA/{name}.gbnf" for name in ("phone-3-long", "univ_1_short", "univ_2_short")),
    *(f"aligned/CP/CP_re_ptb_{number}.gbnf" for number in (1643, 460, 486, 605)),
]
_TOKEN = re.compile(
    r"""(?P<space>[ \t]+|\#[^\n]*) | (?P<line>[\r\n]+) | (?P<is>::=) | (?P<name>[\w-]+)
    | (?P<text>"(?:[^"\\]|\\.)*") | (?P<class>\[(?:[^\]\\]|\\.)*\]) | (?P<count>\{[^}]*\}) | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)


def grammar_of(path: Path) -> sg.Grammar:
    text = path.read_text()
    if path.suffix == ".gbnf":
        return sg.gbnf(text, undefined="nothing" if "CP_re" in path.name else "error")
    if path.stem == "python2":
        return sg.lark(text.replace(*LAYOUT), start="file_input")
    return sg.lark(text)


def to_lark(text: str) -> str:
    """GBNF in lark's notation; a rule that is not defined matches nothing."""
    tokens = [(match.lastgroup, match[0]) for match in _TOKEN.finditer(text)]
    tokens = [token for token in tokens if token[0] != "space"]
    names = {
        value
        for i, (kind, value) in enumerate(tokens)
        if kind == "name" and tokens[i + 1 : i + 2] == [("is", "::=")]
    }
    written: list[str] = []
    for i, (kind, value) in enumerate(tokens):
        if kind == "name":
            if tokens[i + 1 : i + 2] == [("is", "::=")]:
                written.append("\n")
            written.append(_rule(value) if value in names else "/(?!)x/")
        elif kind == "is":
            written.append(":")
        elif kind == "text":
            written.append(value if value != '""' else "")
        elif kind == "class":
            inner = value[1:-1].replace("/", r"\/")
            written.append("/[" + re.sub(r"(?<!\\)\[", r"\\[", inner) + "]/")
        elif kind == "count":
            least, comma, most = value[1:-1].partition(",")
            written.append(f"~{least}..{most}" if comma else f"~{least}")
        elif kind == "sign":
            written.append(value)
    return " ".join(written)


def _rule(name: str) -> str:
    return "r_" + re.sub(r"\W", "_", name).lower()


@functools.cache
def oracle(path: Path) -> object:
    from lark import Lark

    text, start = path.read_text(), "start"
    if path.suffix == ".gbnf":
        text, start = to_lark(text), "r_root"
    if path.stem == "python2":
        text, start = text.replace(*LAYOUT), "file_input"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lark's opinion of some patterns
        return Lark(text, parser="earley", lexer="dynamic_complete", start=start, ambiguity="resolve")


def judged(path: Path, text: str) -> bool:
    from lark.exceptions import LarkError

    try:
        oracle(path).parse(text)  # type: ignore[attr-defined]
    except LarkError:
        return False
    except RuntimeError as error:
        # Lark found several readings of the whole text and calls that a bug of its own: it is a text.
        if "multiple start symbol items" not in str(error):
            raise
    return True


def accepted(constraint: sg.Constraint, text: str) -> bool:
    matcher = constraint.matcher()
    data = text.encode()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


def walk(constraint: sg.Constraint, rng: random.Random, steps: int) -> str:
    """A text from a random walk over masks, ended by the known completion."""
    matcher = constraint.matcher()
    written = bytearray()
    for _ in range(rng.randrange(steps)):
        allowed = matcher.allowed_tokens()
        assert allowed, f"an empty mask after {bytes(written)!r}"
        readable = [token for token in allowed if 32 <= token < 127 or token == 10] or allowed
        token = rng.choice(readable)
        if token == 256:
            return written.decode()
        matcher.advance(token)
        written.append(token)
    return (bytes(written) + matcher.completion_text()).decode()


def changed(text: str, rng: random.Random) -> str:
    """The text with a character lost, doubled, replaced by another of it, or two exchanged."""
    if not text:
        return " "
    at, other = rng.randrange(len(text)), rng.randrange(len(text))
    pieces = [
        text[:at] + text[at + 1 :],
        text[:at] + text[at] + text[at:],
        text[:at] + text[other] + text[at + 1 :],
        text[: at + 1][:-1] + text[at : at + 2][::-1] + text[at + 2 :],
    ]
    return rng.choice(pieces)


@pytest.mark.parametrize("name", FILES, ids=lambda name: Path(name).stem)
def test_the_same_language(data_dir: Path, name: str) -> None:
    path = data_dir / name
    constraint = sg.compile(grammar_of(path), BYTES)
    rng = random.Random(name)
    # lark reads these for seconds: one has most of its terminals in common, one rereads every string.
    few = 2 if path.name in ("python2.lark", "json.lark") else 5
    compare(path, constraint, rng, 200 if settings().max_examples >= 2000 else few)


def compare(path: Path, constraint: sg.Constraint, rng: random.Random, rounds: int) -> None:
    """So many texts of walks and as many changed ones are judged as lark judges them."""
    compared = 0
    while compared < rounds:
        text = walk(constraint, rng, 25)
        assert accepted(constraint, text), f"a walk ended in {text!r}"
        if len(text) >= 120:  # lark takes long
            continue
        assert judged(path, text), f"lark refuses {text!r}"
        wrong = changed(text, rng)
        assert accepted(constraint, wrong) == judged(path, wrong), f"lark judges {wrong!r} otherwise"
        compared += 1


@pytest.mark.parametrize("folder", ["aligned/BV4", "aligned/CP", "aligned/SLIA"])
def test_every_other_grammar_compiles(data_dir: Path, folder: str) -> None:
    paths = [
        path for path in sorted((data_dir / folder).glob("*.gbnf")) if f"{folder}/{path.name}" not in FILES
    ]
    assert paths or folder == "aligned/CP"
    for path in paths:
        constraint = sg.compile(grammar_of(path), BYTES)
        assert accepted(constraint, constraint.example())
        if settings().max_examples >= 2000:
            compare(path, constraint, random.Random(path.name), 200)
