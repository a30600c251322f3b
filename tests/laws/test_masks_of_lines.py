"""Masks between lines, where most tokens begin with a blank: ignored, or part of the line's end, or neither.

What tokens do behind such a blank is what they do without it, and then not found a second time
(`Masks::leave_out_known`), but only where all that may come before the blank may come behind it as well.  The
reference tries every token (`mask_by_trying`).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import structgen as sg

PIECES = ["if", "x", "xif", "1", "=", "#", '"', "\\\n", " ", "\n", "é"]
WORDS = sorted({"".join(part) for n in (1, 2, 3) for part in itertools.product(PIECES, repeat=n)})
TOKENS = [
    *(bytes([byte]) for byte in range(256)),
    *(before.encode() + word.encode() for before in ("", " ", "\n", "\n  ", "\t") for word in WORDS),
    None,
]
VOCABULARY = sg.Vocabulary.from_tokens(TOKENS, eos=len(TOKENS) - 1)

LINES = r"""
start: (_LINE | line)*
line: "if" value line | "{" (_LINE | line)* "}" _LINE | NAME "=" value _LINE | value _LINE
    | "=" value line ("é" line)?
value: NAME | /[0-9]+/ | STRING | "(" value* ")"
NAME: /[a-zé]+/
STRING: /"[^"\n]*"/
"""
GRAMMARS = {
    "blanks": LINES + "_LINE: /\\n[ \\t]*/\n%ignore /[ \\t]+/\n",
    "comments": LINES + "_LINE: (/\\n[ \\t]*/ | /#[^\\n]*/)+\n%ignore /[ \\t]+/\n%ignore /#[^\\n]*/\n",
    "continued": LINES + "_LINE: /(\\n[ \\t]*)+/\n%ignore /[ \\t]+/\n%ignore /\\\\\\n/\n",
    "one blank": LINES + '_LINE: /(\\n ?)+/\n%ignore " "\n%ignore " \\n"\n',
    "nothing ignored": LINES + "_LINE: /\\n[ \\t]*/\n",
    "counted": LINES + "_LINE: /(\\n[ ]{0,2})+/ | /\\t/\n%ignore /x=?/\n",
    "blanks that are read": LINES.replace("start: (", 'start: (" 1=" | ') + "_LINE: /\\n[ \\t]*/\n",
    "the last line": 'start: (/[ \\n]+/ word)* /[ \\n]*/ "."\nword: "if" | /[é1]+/ | "x" word\n',
}


TEXTS = [
    "=1x\n=(1)1\n \n",
    "x\n1\nx",
    "x=1\n  if x 1 # é\n\n\t1\n",
    "{x\n x\n",
    '{ x = "if"\n if 1 if 1 {1\n }\n}\n',
    "x\n 1x\n.",
]


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_mask_is_what_a_matcher_takes(name: str) -> None:
    constraint = sg.compile(sg.lark(GRAMMARS[name]), VOCABULARY)
    for text in TEXTS:
        matcher, read = constraint.matcher(), 0
        for byte in text.encode():
            mask = np.frombuffer(matcher.mask().tobytes(), dtype=np.uint32)
            tried = np.frombuffer(matcher._native.mask_by_trying(), dtype=np.uint32)
            assert (mask == tried).all(), (text, read)
            if not tried[byte >> 5] >> (byte & 31) & 1:
                break
            matcher.advance(byte)
            read += 1
        assert read > 0 or name == "the last line"
