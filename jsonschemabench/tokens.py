"""The vocabulary that all engines of a run share: bytes of every id, the end token, how text is cut.

``tekken`` is a real one of 131,072 ids that comes in the package mistral-common, ``pocket`` the embedded
model's 4,096, ``bytes`` one token a byte; anything else is the folder of a transformers tokenizer.  Engines
translate the table into what they need; this module knows none of them.
"""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschemabench.errors import BenchError

__all__ = ["Tokens", "best_available", "from_tokenizer", "load"]


@dataclass(frozen=True)
class Tokens:
    """Bytes by id (None: a special id without text), the id that ends an output, and an encoder."""

    name: str
    table: Sequence[bytes | None]
    end: int
    encode: Callable[[str], list[int]]
    encoding: Any = None
    """tiktoken's Encoding where there is one, for engines that read it directly."""

    @property
    def width(self) -> int:
        """How many ids there are."""
        return len(self.table)

    def text(self, ids: Sequence[int]) -> bytes:
        """The bytes that tokens stand for; special ones stand for nothing.

        >>> tokens = load("bytes")
        >>> tokens.text(tokens.encode("é"))
        b'\\xc3\\xa9'
        """
        return b"".join(self.table[token] or b"" for token in ids)


def best_available() -> str:
    """``tekken`` where its packages are installed, else ``pocket``."""
    found = all(importlib.util.find_spec(name) for name in ("mistral_common", "tiktoken"))
    return "tekken" if found else "pocket"


def load(name: str) -> Tokens:
    """Read a vocabulary by its name, or from the folder of a transformers tokenizer.

    Cost: half a second for ``tekken``.

    Raises: BenchError where a package is missing or the folder is not one.
    """
    if name == "bytes":
        table: list[bytes | None] = [bytes([byte]) for byte in range(256)]
        return Tokens("bytes", [*table, None], 256, lambda text: list(text.encode("utf-8")))
    if name == "tekken":
        return _tekken()
    try:
        import structgen

        loaded = structgen.load(name)
    except ImportError as error:
        raise BenchError(f"the vocabulary {name!r} needs the extra structgen[hf]: {error}") from error
    except structgen.StructgenError as error:
        raise BenchError(f"no vocabulary {name!r}: {error}") from error
    return from_tokenizer(loaded.tokenizer, loaded.model.config.vocab_size, name)


def from_tokenizer(tokenizer: Any, width: int, name: str) -> Tokens:
    """The table of a transformers tokenizer, as wide as the model's logits."""
    from structgen import Vocabulary

    vocabulary = Vocabulary.from_tokenizer(tokenizer, width=width)
    table = [vocabulary.token_bytes(token) if token < vocabulary.size else None for token in range(width)]

    def encode(text: str) -> list[int]:
        return [int(token) for token in tokenizer.encode(text, add_special_tokens=False)]

    return Tokens(name, table, vocabulary.eos_ids[0], encode)


def _tekken() -> Tokens:
    try:
        import mistral_common
        import tiktoken
    except ImportError as error:
        raise BenchError(
            f"the vocabulary tekken needs {error.name}: install structgen[bench], or give --vocabulary pocket"
        ) from error
    path = Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    config = model["config"]
    count = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = [base64.b64decode(entry["token_bytes"]) for entry in model["vocab"][:count]]
    encoding = tiktoken.Encoding(
        "tekken",
        pat_str=config["pattern"],
        mergeable_ranks={token: rank for rank, token in enumerate(ranks)},
        special_tokens={},
    )
    # Ids are ranks, the special ids that come first elsewhere left out but one, which ends an output: every
    # engine then takes the same ids, and those that cannot name special tokens need not.
    return Tokens(
        "tekken", [*ranks, None], len(ranks), lambda text: list(encoding.encode_ordinary(text)), encoding
    )
