"""tekken: Mistral's rank files; id = number of special ids + rank.

Only the first ``default_vocab_size - default_num_special_tokens`` entries of
the file are tokens.  The file is 19 MB of which 2 MB matter, so the core reads
its array of tokens; a layout the core does not know goes through the JSON parser.
"""

from __future__ import annotations

import binascii
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from structgen._native import read_rank_entries
from structgen.errors import IntegrationError, VocabularyError
from structgen.vocabulary.table import Source, TokenTable, pack
from structgen.vocabulary.tiktoken import rank_tokens

# Files up to version 7 name no special tokens; these are theirs, in order of id.
_UNNAMED_SPECIAL = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]",
    "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
)  # fmt: skip
_END = "</s>"
# Quotes inside a JSON string are escaped, so this can match nothing but a key.
_VOCAB = re.compile(rb'"vocab"\s*:\s*\[')


def is_tekken(data: bytes) -> bool:
    """Does this JSON text look like a tekken file?"""
    return b'"token_bytes"' in data and b'"default_vocab_size"' in data


def read(tekkenizer: Any) -> Source:
    """The Source of a mistral-common ``Tekkenizer``."""
    special_count = int(tekkenizer.num_special_tokens)
    names = [str(tekkenizer.id_to_piece(i)) for i in range(special_count)]
    encoding = getattr(tekkenizer, "_model", None)
    if encoding is not None:
        ranks = rank_tokens(encoding)
    else:  # the public way, slower
        ranks = [tekkenizer.id_to_byte_piece(i) for i in range(special_count, tekkenizer.n_words)]

    def encode(text: str) -> list[int]:
        return list(tekkenizer.encode(text, bos=False, eos=False))

    return Source(table=_table(names, *pack(ranks), pattern=""), tokenizer=tekkenizer, encode=encode)


def read_file(data: bytes, path: Path) -> TokenTable:
    """The table of a tekken file's contents; ``path`` is for messages."""
    try:
        header, text, offsets = _scan(data) or _parse(data, path)
        config = header["config"]
        size = int(config["default_vocab_size"])
        special_count = int(config["default_num_special_tokens"])
        pattern = str(config["pattern"])
        special = header.get("special_tokens")
        named = (
            dict(enumerate(_UNNAMED_SPECIAL[:special_count]))
            if special is None
            else {int(entry["rank"]): str(entry["token_str"]) for entry in special}
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VocabularyError(f"{path} is not a tekken file: {type(error).__name__}: {error}") from error
    count = size - special_count
    if special_count < 0 or not 0 < count < len(offsets):
        raise VocabularyError(
            f"{path}: default_vocab_size {size} with {special_count} special tokens does not fit "
            f"the {len(offsets) - 1} tokens of the file"
        )
    if any(not 0 <= i < special_count for i in named):
        raise VocabularyError(f"{path}: a special token has an id of {special_count} or more")
    names = [named.get(i, f"<SPECIAL_{i}>") for i in range(special_count)]
    return _table(names, text[: offsets[count]], offsets[: count + 1], pattern)


def encoder(table: TokenTable) -> Any:
    """The encoder of a table that ``read_file`` gave."""
    try:
        import tiktoken
    except ImportError as error:
        raise IntegrationError("encoding with a tekken file needs tiktoken: pip install tiktoken") from error
    ranks = {token: rank for rank, token in enumerate(table.tokens()[len(table.special_ids) :])}
    return tiktoken.Encoding("tekken", pat_str=table.pattern, mergeable_ranks=ranks, special_tokens={})


def _table(names: list[str], text: bytes, offsets: NDArray[np.uint32], pattern: str) -> TokenTable:
    special_ids = {name: i for i, name in enumerate(names)}
    if len(special_ids) != len(names):
        twice = next(name for i, name in enumerate(names) if special_ids[name] != i)
        raise VocabularyError(f"the special token {twice!r} is given twice")
    return TokenTable(
        text=text,
        offsets=np.concatenate([np.zeros(len(names), dtype=np.uint32), offsets]),
        special_ids=special_ids,
        eos_ids=(special_ids[_END],) if _END in special_ids else (),
        family="tekken",
        pattern=pattern,
    )


def _parse(data: bytes, path: Path) -> tuple[dict[str, Any], bytes, NDArray[np.uint32]]:
    """Header, token bytes and offsets, whatever the layout of the JSON text."""
    header: dict[str, Any] = json.loads(data)
    ranks: list[bytes] = []
    for index, entry in enumerate(header.pop("vocab")):
        if entry["rank"] != index:
            raise VocabularyError(
                f"{path}: entry {index} has rank {entry['rank']}; ranks must count from 0 without gaps"
            )
        try:
            ranks.append(binascii.a2b_base64(entry["token_bytes"], strict_mode=True))
        except binascii.Error as error:
            raise VocabularyError(
                f"{path}: the bytes of rank {index} are not base64: {entry['token_bytes']!r}"
            ) from error
    return header, *pack(ranks)


def _scan(data: bytes) -> tuple[dict[str, Any], bytes, NDArray[np.uint32]] | None:
    """``_parse`` for the usual layout, ten times faster; None when the layout is another.

    The core reads the array, and the rest of the file goes through the JSON
    parser with an empty array in its place.
    """
    opening = _VOCAB.search(data)
    entries = None if opening is None else read_rank_entries(data, opening.end())
    if opening is None or entries is None:
        return None
    text, offsets, end = entries
    try:
        header = json.loads(data[: opening.end()] + data[end:])
    except ValueError:
        return None
    if not isinstance(header, dict) or header.pop("vocab", None) != []:
        return None
    return header, text, np.asarray(offsets, dtype=np.uint32)
