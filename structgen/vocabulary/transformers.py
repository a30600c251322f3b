"""Hugging Face tokenizers: ``tokenizers.Tokenizer`` and what transformers wraps around one.

Which of the families a tokenizer belongs to is read from its components: byte
level, SentencePiece style, or plain text.  Added tokens are raw text whatever
the family (unless they are pieces too), special ones are never text.  Whether a space is put in front of a
text is not read here: the self-test observes it.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from structgen.errors import VocabularyError
from structgen.vocabulary import byte_level, sentencepiece
from structgen.vocabulary.table import Source, TokenTable, by_id, pack

# Decoders that keep the text of a piece as it is.
_PLAIN_DECODERS = {"Fuse", "ByteFallback", "Strip"}


def read_wrapped(tokenizer: Any) -> Source:
    """The Source of a transformers tokenizer: a fast one, or one around a SentencePiece model."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        source = read(backend)
    elif getattr(tokenizer, "sp_model", None) is not None:
        source = _read_sentencepiece(tokenizer)
    else:
        raise VocabularyError(
            f"{type(tokenizer).__name__} has neither a tokenizers backend nor a SentencePiece model, so the "
            "bytes of its tokens are unknown; load the fast tokenizer (use_fast=True) or use "
            "Vocabulary.from_tokens"
        )
    names = {
        str(tokenizer.convert_ids_to_tokens(token_id)): int(token_id)
        for token_id in getattr(tokenizer, "all_special_ids", ())
    }
    eos = getattr(tokenizer, "eos_token_id", None)
    unknown = getattr(tokenizer, "unk_token_id", None)
    beyond = max([-1, *names.values()]) + 1 - source.table.size
    if beyond > 0:
        raise VocabularyError(
            f"the special token id {source.table.size + beyond - 1} is beyond the tokenizer's "
            f"{source.table.size} ids"
        )
    table = replace(
        source.table.without_text(names.values()),
        special_ids=source.table.special_ids | names,
        eos_ids=(int(eos),) if eos is not None else source.table.eos_ids,
    )
    return replace(
        source,
        table=table,
        tokenizer=tokenizer,
        unknown_id=source.unknown_id if unknown is None else int(unknown),
    )


def _read_sentencepiece(tokenizer: Any) -> Source:
    """A transformers tokenizer that wraps a SentencePieceProcessor and may have changed its ids."""
    model = tokenizer.sp_model
    added = dict(getattr(tokenizer, "added_tokens_decoder", {}))
    pieces: list[str] = model.id_to_piece(list(range(model.get_piece_size())))
    names = tokenizer.convert_ids_to_tokens(list(range(len(pieces))))
    moved = next((i for i, piece in enumerate(pieces) if names[i] != piece and i not in added), None)
    if moved is not None:
        raise VocabularyError(
            f"{type(tokenizer).__name__} numbers its tokens differently from its SentencePiece model "
            f"(id {moved} is {names[moved]!r} here and {pieces[moved]!r} there); "
            "load the fast tokenizer (use_fast=True)"
        )

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    source = _with_added(sentencepiece.read(model), added, {piece: i for i, piece in enumerate(pieces)})
    return replace(source, encode=encode)


def read(backend: Any) -> Source:
    """The Source of a ``tokenizers.Tokenizer``; it names no end token, so that stays open."""
    vocab: dict[str, int] = backend.get_vocab(with_added_tokens=False)
    added: dict[int, Any] = dict(backend.get_added_tokens_decoder())
    size = max([-1, *added]) + 1
    components = _Components.of(backend)
    if components.is_byte_level:
        text, offsets = byte_level.pack_pieces(by_id(vocab, size))
        family = "byte-level BPE"
    else:
        space = components.space()
        pieces = by_id(vocab, size)
        tokens = sentencepiece.pieces_bytes(pieces, space) if space else [p.encode() for p in pieces]
        if components.byte_fallback:
            for token_id, byte in sentencepiece.byte_pieces(vocab).items():
                tokens[token_id] = byte
        text, offsets = pack(tokens)
        family = "SentencePiece-style" if space else "plain text"
    table = TokenTable(text=text, offsets=offsets, special_ids={}, eos_ids=(), family=family)
    unknown = getattr(backend.model, "unk_token", None)
    unknown_id = vocab.get(unknown) if isinstance(unknown, str) else components.unknown_id(backend)
    if unknown_id is not None:
        table = table.without_text([unknown_id])
    normalizer = backend.normalizer
    normalize: Callable[[str], str] | None = None
    if normalizer is not None:
        space = components.space() or ""

        def normalize(text: str) -> str:
            normal = str(normalizer.normalize_str(text))
            return normal.replace(space, " ") if space else normal

    source = Source(
        table=table,
        tokenizer=backend,
        encode=_Encoder(backend, added),
        normalize=normalize,
        unknown_id=unknown_id,
    )
    return _with_added(source, added, vocab, components.normalized_space())


def _with_added(
    source: Source, added: Mapping[int, Any], vocab: Mapping[str, int], normalized_space: str | None = None
) -> Source:
    """Added tokens laid over the table.

    Special ones lose their text and new ones are their content.  One that is a
    piece of the model too keeps the piece's bytes: an added "▁▁" that the model
    itself writes for two spaces (Gemma lists dozens) is still two spaces.
    """
    if not added:
        return source
    changes: dict[int, bytes] = {}
    special_ids = dict(source.table.special_ids)
    for token_id, token in added.items():
        if token.special:
            special_ids[token.content] = int(token_id)
            changes[token_id] = b""
        elif vocab.get(token.content) != token_id:
            content = token.content
            if normalized_space and token.normalized:  # looked for where spaces are replaced already
                content = content.replace(normalized_space, " ")
            changes[token_id] = content.encode("utf-8", "surrogatepass")
    return replace(
        source,
        table=replace(source.table.replaced(changes), special_ids=special_ids),
        opaque=tuple(token.content for token in added.values()),
    )


class _Encoder:
    """Encodes without special tokens, and without what callers left set on the shared tokenizer.

    Truncation, padding and the parsing of special tokens inside a text belong to
    the user's object; where one of them would change the result, a private copy
    (made once) encodes instead.
    """

    def __init__(self, backend: Any, added: Mapping[int, Any]) -> None:
        self._backend = backend
        self._special = [token.content for token in added.values() if token.special]
        self._copy: Any = None
        self._lock = threading.Lock()

    def __call__(self, text: str) -> list[int]:
        backend = self._backend
        if (
            backend.truncation is not None
            or backend.padding is not None
            or any(content in text for content in self._special)
        ):
            backend = self._private()
        return list(backend.encode(text, add_special_tokens=False).ids)

    def _private(self) -> Any:
        with self._lock:
            if self._copy is None:
                backend = copy.deepcopy(self._backend)
                backend.no_truncation()
                backend.no_padding()
                backend.encode_special_tokens = True
                self._copy = backend
            return self._copy


@dataclass(frozen=True)
class _Components:
    """The parts of a tokenizer that decide how a piece spells its bytes, as the tokenizer describes them."""

    model: str
    byte_fallback: bool
    unk_id: int | None
    normalizers: list[dict[str, Any]]
    pre_tokenizers: list[dict[str, Any]]
    decoders: list[dict[str, Any]]

    @staticmethod
    def of(backend: Any) -> _Components:
        model = backend.model
        kind = type(model).__name__
        decoders = _described(backend.decoder)
        if kind == "WordPiece":
            raise VocabularyError(
                "WordPiece tokenizers drop the spaces between words, so their tokens have no exact bytes; "
                "use a byte-level or SentencePiece tokenizer"
            )
        for part in ("end_of_word_suffix", "continuing_subword_prefix"):
            if getattr(model, part, None):
                raise VocabularyError(
                    f"this BPE tokenizer marks words with {part}={getattr(model, part)!r} and drops the "
                    "spaces between them, so its tokens have no exact bytes; use a byte-level or "
                    "SentencePiece tokenizer"
                )
        unigram = json.loads(model.__getstate__()) if kind == "Unigram" else {}
        return _Components(
            model=kind,
            byte_fallback=bool(getattr(model, "byte_fallback", False) or unigram.get("byte_fallback"))
            or any(part["type"] == "ByteFallback" for part in decoders),
            unk_id=unigram.get("unk_id"),
            normalizers=_described(backend.normalizer),
            pre_tokenizers=_described(backend.pre_tokenizer),
            decoders=decoders,
        )

    @property
    def is_byte_level(self) -> bool:
        before = [*self.normalizers, *self.pre_tokenizers]
        if any(part["type"] == "ByteLevel" for part in before):
            return True
        # A decoder alone decides only when nothing in front says how spaces are written.
        return self.space() is None and any(part["type"] == "ByteLevel" for part in self.decoders)

    def unknown_id(self, backend: Any) -> int | None:
        """The id of the unknown token for models that keep a number instead of its text."""
        return self.unk_id if self.model == "Unigram" else None

    def normalized_space(self) -> str | None:
        """What the normalizer writes for a space, or None."""
        for part in self.normalizers:
            if part["type"] == "Replace" and part.get("pattern") == {"String": " "}:
                return str(part["content"])
        return None

    def space(self) -> str | None:
        """The character that stands for a space in pieces, or None when spaces stand for themselves."""
        for part in [*self.pre_tokenizers, *self.decoders]:
            if part["type"] == "Metaspace":
                return str(part.get("replacement", sentencepiece.SPACE))
        if (written := self.normalized_space()) is not None:
            return written
        for part in self.decoders:
            if part["type"] == "Replace" and part.get("content") == " ":
                pattern = part.get("pattern", {}).get("String")
                return str(pattern) if pattern else None
        unknown = [
            p["type"] for p in self.decoders if p["type"] not in _PLAIN_DECODERS | {"ByteLevel", "Replace"}
        ]
        if unknown:
            raise VocabularyError(
                f"the tokenizer's decoder {unknown[0]} is not known, so the bytes of its tokens are not "
                "either; use Vocabulary.from_tokens with the bytes of each id"
            )
        return None


def _described(component: Any) -> list[dict[str, Any]]:
    """A component and what it is a sequence of, flattened, as the dictionaries it serialises to."""
    if component is None:
        return []
    try:
        open_parts: list[dict[str, Any]] = [json.loads(component.__getstate__())]
    except Exception:  # a component written in Python cannot be serialised: it stays unknown
        return [{"type": "custom"}]
    parts = []
    while open_parts:
        part = open_parts.pop(0)
        inner: Iterable[dict[str, Any]] | None = next(
            (part[key] for key in ("normalizers", "pretokenizers", "decoders") if key in part), None
        )
        if part["type"] == "Sequence" and inner is not None:
            open_parts[:0] = inner
        else:
            parts.append(part)
    return parts
