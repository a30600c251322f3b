"""Texts under a grammar, byte by byte: what the tests of the notations share."""

from __future__ import annotations

import structgen as sg

BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)


def accepts(grammar: sg.Grammar, text: str) -> bool:
    """Whether the text is one of the grammar's."""
    matcher = sg.compile(grammar, BYTES).matcher()
    data = text.encode()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


def check_language(grammar: sg.Grammar, inside: list[str], outside: list[str]) -> None:
    """These texts are the grammar's, and those are not."""
    for text in inside:
        assert accepts(grammar, text), text
    for text in outside:
        assert not accepts(grammar, text), text
