"""tiktoken: a rank file of byte strings, so the bytes are already exact.

Reads a ``tiktoken.Encoding``; special tokens are never text.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import VocabularyError
from structgen.vocabulary.table import Source, TokenTable, pack

_END = ("<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|im_end|>", "</s>")


def read(encoding: Any) -> Source:
    """The Source of a ``tiktoken.Encoding``."""
    special_ids = {str(name): int(i) for name, i in special_tokens(encoding).items()}
    tokens = rank_tokens(encoding)
    tokens += [b""] * (max([-1, *special_ids.values()]) + 1 - len(tokens))
    for name, token_id in special_ids.items():
        if tokens[token_id]:
            raise VocabularyError(
                f"id {token_id} is given twice, to the special token {name!r} and to {tokens[token_id]!r}"
            )
    text, offsets = pack(tokens)
    table = TokenTable(
        text=text,
        offsets=offsets,
        special_ids=special_ids,
        eos_ids=tuple(special_ids[name] for name in _END if name in special_ids)[:1],
        family="tiktoken",
    )
    return Source(table=table, tokenizer=encoding, encode=encoding.encode_ordinary)


def special_tokens(encoding: Any) -> dict[str, int]:
    """name → id of the special tokens."""
    return {name: encoding.encode_single_token(name) for name in encoding.special_tokens_set}


def rank_tokens(encoding: Any) -> list[bytes]:
    """The bytes of every rank, b"" for a rank that is not used."""
    ranks: dict[bytes, int] | None = getattr(encoding, "_mergeable_ranks", None)
    if ranks is None:  # another release may keep them elsewhere; the public way is slower
        values = encoding.token_byte_values()
        ranks = {token: encoding.encode_single_token(token) for token in values}
    tokens = [b""] * (max(ranks.values(), default=-1) + 1)
    for token, rank in ranks.items():
        if tokens[rank]:
            raise VocabularyError(f"rank {rank} is given twice, to {tokens[rank]!r} and to {token!r}")
        tokens[rank] = token
    return tokens
