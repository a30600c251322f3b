"""SentencePiece: ``▁`` in a piece is a space, ``<0x0A>`` is the byte 10 where byte fallback is on.

Reads a SentencePieceProcessor.  A text with a literal U+2581 comes back with a
space in its place: SentencePiece itself cannot tell the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from structgen.errors import IntegrationError, VocabularyError
from structgen.vocabulary.table import Source, TokenTable, pack

SPACE = "▁"
# A lone surrogate: no piece contains one, so it can separate pieces that are converted in one go.
_SEPARATOR = "\udfff"


def pieces_bytes(pieces: Sequence[str], space: str = SPACE) -> list[bytes]:
    """The UTF-8 of every piece with ``space`` read as a space; no byte fallback.

    >>> pieces_bytes(["▁Hello", "▁▁", "é"])
    [b' Hello', b'  ', b'\\xc3\\xa9']
    """
    if not pieces:
        return []
    joined = _SEPARATOR.join(pieces)
    if joined.count(_SEPARATOR) != len(pieces) - 1:
        return [piece.replace(space, " ").encode("utf-8", "surrogatepass") for piece in pieces]
    separator = _SEPARATOR.encode("utf-8", "surrogatepass")
    return joined.replace(space, " ").encode("utf-8", "surrogatepass").split(separator)


def byte_pieces(vocab: Mapping[str, int]) -> dict[int, bytes]:
    """id → byte of every byte-fallback piece.

    >>> byte_pieces({"<0x0A>": 13, "a": 14})
    {13: b'\\n'}
    """
    found = {}
    for byte in range(256):
        for name in (f"<0x{byte:02X}>", f"<0x{byte:02x}>"):
            if name in vocab:
                found[vocab[name]] = bytes([byte])
    return found


def load(path: Path) -> Any:
    """The SentencePieceProcessor of a model file."""
    try:
        import sentencepiece
    except ImportError as error:
        raise IntegrationError(
            f"reading the SentencePiece model {path} needs sentencepiece: pip install sentencepiece"
        ) from error
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError) as error:
        raise VocabularyError(f"{path} is not a SentencePiece model: {error}") from error


def read(processor: Any) -> Source:
    """The Source of a SentencePieceProcessor.

    Control, unused and unknown ids are never text; user-defined symbols are.
    """
    size = int(processor.get_piece_size())
    if size == 0:
        raise VocabularyError("the SentencePiece processor has no pieces; load a model into it first")
    ids = list(range(size))
    pieces: list[str] = processor.id_to_piece(ids)
    tokens = pieces_bytes(pieces)
    special_ids: dict[str, int] = {}
    for token_id, control, unused, unknown, byte in zip(
        ids,
        processor.is_control(ids),
        processor.is_unused(ids),
        processor.is_unknown(ids),
        processor.is_byte(ids),
        strict=True,
    ):
        if byte:
            tokens[token_id] = bytes([int(pieces[token_id][1:-1], 16)])
        elif control or unused or unknown:
            tokens[token_id] = b""
            if not unused:
                special_ids[pieces[token_id]] = token_id
    text, offsets = pack(tokens)
    eos = int(processor.eos_id())
    unknown_id = int(processor.unk_id())
    table = TokenTable(
        text=text,
        offsets=offsets,
        special_ids=special_ids,
        eos_ids=(eos,) if eos >= 0 else (),
        family="SentencePiece",
    )

    def encode(text: str) -> list[int]:
        return list(processor.encode(text, add_bos=False, add_eos=False))

    def normalize(text: str) -> str:
        return str(processor.normalize(text)).replace(SPACE, " ")

    return Source(
        table=table,
        tokenizer=processor,
        encode=encode,
        normalize=normalize,
        unknown_id=unknown_id if unknown_id >= 0 else None,
    )
