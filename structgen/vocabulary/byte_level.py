"""Byte-level BPE: each character of a piece stands for one byte.

The printable Latin-1 bytes stand for themselves and the 68 others for the
characters from U+0100 on, in order (the table introduced with GPT-2).  Knows
nothing about merges: only how a piece spells its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from structgen.vocabulary.table import offsets_of, pack


def byte_alphabet() -> dict[str, int]:
    """The character of each byte, as a map back to the byte.

    >>> byte_alphabet()["Ġ"], byte_alphabet()["A"], len(byte_alphabet())
    (32, 65, 256)
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet |= {chr(0x100 + rank): byte for rank, byte in enumerate(others)}
    return alphabet


_ALPHABET = byte_alphabet()
_UNMAPPED = 256
_BYTE_OF = np.full(
    max(map(ord, _ALPHABET)) + 2, _UNMAPPED, dtype=np.uint16
)  # the last entry: anything beyond
for _character, _byte in _ALPHABET.items():
    _BYTE_OF[ord(_character)] = _byte


def piece_bytes(piece: str) -> bytes:
    """The bytes of one piece; one with a character outside the alphabet is its own UTF-8.

    >>> piece_bytes("Ġhi"), piece_bytes("two words")
    (b' hi', b'two words')
    """
    try:
        return bytes([_ALPHABET[character] for character in piece])
    except KeyError:
        return piece.encode("utf-8", "surrogatepass")


def pack_pieces(pieces: Sequence[str]) -> tuple[bytes, NDArray[np.uint32]]:
    """``piece_bytes`` of every piece in one buffer with offsets; a few array operations in all."""
    codes = np.frombuffer("".join(pieces).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    mapped = _BYTE_OF[np.minimum(codes, len(_BYTE_OF) - 1)]
    if np.any(mapped == _UNMAPPED):
        return pack([piece_bytes(piece) for piece in pieces])
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    return mapped.astype(np.uint8).tobytes(), offsets_of(lengths)
