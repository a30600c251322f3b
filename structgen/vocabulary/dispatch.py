"""Which adapter reads a tokenizer, decided by what the object offers and not by importing its library."""

from __future__ import annotations

import functools
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from structgen.errors import IntegrationError, VocabularyError
from structgen.vocabulary import sentencepiece, tekken, tiktoken, transformers
from structgen.vocabulary.table import Source, TokenTable

_KNOWN = (
    "a transformers tokenizer, a tokenizers.Tokenizer, a SentencePieceProcessor, a Tekkenizer, a "
    "tiktoken.Encoding, or the path of a SentencePiece model, a tekken.json, a tokenizer.json or a folder "
    "with one of these"
)


def read(tokenizer: Any) -> Source:
    """The Source of any supported tokenizer; VocabularyError names what is supported."""
    if isinstance(tokenizer, (str, os.PathLike)):
        return _read_path(Path(tokenizer))
    offers = functools.partial(hasattr, tokenizer)
    if offers("id_to_byte_piece") and offers("num_special_tokens"):
        return tekken.read(tokenizer)
    if offers("encode_ordinary") and offers("special_tokens_set"):
        return tiktoken.read(tokenizer)
    if offers("id_to_piece") and offers("is_control") and offers("get_piece_size"):
        return sentencepiece.read(tokenizer)
    if offers("get_added_tokens_decoder") and offers("pre_tokenizer"):
        return transformers.read(tokenizer)
    # mistral-common wraps its tokenizers twice, transformers' mistral backend once more
    for inner in ("instruct_tokenizer", "tokenizer"):
        if offers(inner) and type(tokenizer).__module__.partition(".")[0] in (
            "mistral_common",
            "transformers",
        ):
            return read(getattr(tokenizer, inner))
    if type(tokenizer).__module__.startswith("mistral_common.") and offers("_model"):
        return read(tokenizer._model)
    if offers("convert_ids_to_tokens"):
        return transformers.read_wrapped(tokenizer)
    raise VocabularyError(
        f"a {type(tokenizer).__name__} is not a tokenizer that is known here; give {_KNOWN}"
    )


# In order of preference: what a folder with a saved tokenizer may hold.
_FILES = ("tekken.json", "tokenizer.json", "tokenizer.model")


def _read_path(path: Path) -> Source:
    if path.is_dir():
        found = next((path / name for name in _FILES if (path / name).is_file()), None)
        if found is None:
            raise VocabularyError(f"the folder {path} holds none of {', '.join(_FILES)}")
        path = found
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VocabularyError(
            f"cannot read the tokenizer file {path}: {error.strerror}; give {_KNOWN}"
        ) from error
    if not data[:64].lstrip().startswith(b"{"):
        return sentencepiece.read(sentencepiece.load(path))
    if tekken.is_tekken(data):
        return _tekken_source(tekken.read_file(data, path))
    try:
        import tokenizers
    except ImportError as error:
        raise IntegrationError(f"reading {path} needs tokenizers: pip install tokenizers") from error
    try:
        backend = tokenizers.Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises plain Exception
        raise VocabularyError(f"{path} is neither a tekken file nor a tokenizer.json: {error}") from error
    source = transformers.read(backend)
    end = backend.token_to_id(_end_token(path.with_name("tokenizer_config.json")))
    return source if end is None else replace(source, table=replace(source.table, eos_ids=(int(end),)))


def _end_token(config: Path) -> str:
    """The end token that the file beside a tokenizer.json names; "" when it names none."""
    try:
        end = json.loads(config.read_text(encoding="utf-8")).get("eos_token")
    except (OSError, ValueError, AttributeError):
        return ""
    content = end.get("content") if isinstance(end, dict) else end
    return content if isinstance(content, str) else ""


def _tekken_source(table: TokenTable) -> Source:
    @functools.cache  # built on first use: most vocabularies are never asked to encode
    def encoder() -> Any:
        return tekken.encoder(table)

    def encode(text: str) -> list[int]:
        offset = len(table.special_ids)
        return [offset + rank for rank in encoder().encode_ordinary(text)]

    return Source(table=table, encode=encode, is_own_encoder=True)
