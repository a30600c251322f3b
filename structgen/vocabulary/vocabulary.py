"""Vocabulary: the exact bytes of every token id, the special ids, the logits width, the token trie.

Knows nothing about grammars or models, and keeps the tokenizer only to encode
with it.  Everything about a family of tokenizers stands in that family's file.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from structgen._native import TokenTrie
from structgen.errors import VocabularyError
from structgen.vocabulary import cache, dispatch, self_test
from structgen.vocabulary.table import Source, TokenTable, by_id, pack

# Below this many tokens, building the trie costs no more than finding it on disk.
_CACHED_FROM = 20_000
_ALL_BYTES = frozenset(range(256))


class Vocabulary:
    """The bytes of every token id of a model, with its special ids and logits width.

    Make one with ``from_tokenizer`` or ``from_tokens``; it is immutable, may be
    shared between threads, and equals another with the same ``fingerprint``.
    Special, control, unused, unknown and end ids, and ids beyond the tokenizer's
    own, are never text: their bytes are None and no grammar reaches them as text.

    >>> vocabulary = Vocabulary.from_tokens([b"a", b"b", b"ab", None], eos=3)
    >>> vocabulary.encode("aba"), vocabulary.decode([2, 0, 3]), len(vocabulary)
    ([2, 0], b'aba', 4)
    """

    __slots__ = (
        "__weakref__",
        "_encode",
        "_eos_ids",
        "_family",
        "_fingerprint",
        "_normalizes",
        "_prefix_space",
        "_special_ids",
        "_tokenizer",
        "_trie",
        "_width",
    )

    def __init__(self, source: Source, *, width: int | None, eos: int | Iterable[int] | None) -> None:
        """Internal: use ``from_tokenizer`` or ``from_tokens``."""
        table = source.table
        self._width = _checked_width(table, width)
        self._eos_ids = _checked_eos(table, eos, self._width)
        table = table.without_text([*self._eos_ids, *table.special_ids.values()])
        if not table.text:
            raise VocabularyError(
                f"the vocabulary is empty: none of its {table.size} ids is text; "
                "give at least one token with bytes"
            )
        self._trie = _trie(table)
        self._special_ids = dict(sorted(table.special_ids.items(), key=lambda item: item[1]))
        self._family = table.family
        self._tokenizer = source.tokenizer
        self._encode = source.encode
        outcome = self_test.run(source, frozenset(self.missing_bytes))
        self._prefix_space = outcome.prefix_space
        self._normalizes = outcome.normalizes
        self._fingerprint = self._content_hash(table)

    @classmethod
    def from_tokenizer(
        cls, tokenizer: Any, *, width: int | None = None, eos: int | Iterable[int] | None = None
    ) -> Vocabulary:
        """Read the exact bytes of every token from a tokenizer.

        ``tokenizer``: a transformers tokenizer, a ``tokenizers.Tokenizer``, a
        SentencePieceProcessor, a mistral-common tokenizer or Tekkenizer, a
        ``tiktoken.Encoding``, or the path of a SentencePiece model, a tekken file,
        a tokenizer.json or a folder with a saved tokenizer.  ``width`` is the
        width of the model's logits (``model.config.vocab_size``) where it exceeds
        the tokenizer's ids; ``eos`` the id or ids that end a text, by default the
        tokenizer's own.

        A self-test encodes a fixed pool of texts and compares bytes; see
        ``prefix_space`` and ``normalizes`` for what may differ.

        Raises VocabularyError when the bytes are not exact, no end id is known, two
        tokens claim one id, or ``width`` or ``eos`` does not fit.  Cost: 131,072
        tokens in about 0.2 s, once; less when a cached copy fits.
        """
        if isinstance(tokenizer, Vocabulary):
            raise VocabularyError("this is a Vocabulary already; use it as it is")
        return cls(dispatch.read(tokenizer), width=width, eos=eos)

    @classmethod
    def from_tokens(
        cls,
        tokens: Sequence[bytes | None] | Mapping[bytes, int],
        *,
        eos: int | Iterable[int],
        width: int | None = None,
        special: Mapping[str, int] | None = None,
    ) -> Vocabulary:
        """A vocabulary from the bytes of its tokens.

        ``tokens[id]`` are the bytes of ``id``, None (or b"") for an id that is never
        text; or a mapping from bytes to id.  Several ids may have the same bytes.
        ``eos`` is the id or ids that end a text, ``special`` names further ids that
        are never text.  ``encode`` takes the longest token first.

        Raises VocabularyError for a token that is not bytes, an id given twice, an
        empty vocabulary, or a ``width`` or ``eos`` that does not fit.

        >>> Vocabulary.from_tokens({b"x": 0, b"</s>": 1}, eos=1, width=4).token_bytes(1) is None
        True
        """
        special_ids = {
            name: _index(token_id, f"special[{name!r}]") for name, token_id in (special or {}).items()
        }
        negative = next((name for name, token_id in special_ids.items() if token_id < 0), None)
        if negative is not None:
            raise VocabularyError(f"special[{negative!r}] is negative: {special_ids[negative]}")
        listed = _token_list(tokens)
        listed += [b""] * (max([-1, *special_ids.values()]) + 1 - len(listed))
        text, offsets = pack(listed)
        table = TokenTable(text=text, offsets=offsets, special_ids=special_ids, eos_ids=(), family="tokens")
        return cls(Source(table=table), width=width, eos=eos)

    @property
    def size(self) -> int:
        """How many ids the tokenizer has, special and unused ones included: the largest id plus one."""
        return self._trie.vocabulary_size

    @property
    def width(self) -> int:
        """The width of the model's logits, at least ``size``; ids from ``size`` on are never allowed."""
        return self._width

    @property
    def eos_ids(self) -> tuple[int, ...]:
        """The ids that end a text, at least one, without repetition."""
        return self._eos_ids

    @property
    def special_ids(self) -> dict[str, int]:
        """name → id of the special and control tokens (a copy)."""
        return dict(self._special_ids)

    @property
    def trie(self) -> TokenTrie:
        """The native token trie that masks are computed from."""
        return self._trie

    @property
    def tokenizer(self) -> object | None:
        """The tokenizer this was read from; None for ``from_tokens`` and for a tekken file."""
        return self._tokenizer

    @property
    def family(self) -> str:
        """The kind of tokenizer in words, such as "byte-level BPE"."""
        return self._family

    @property
    def fingerprint(self) -> str:
        """A content hash (64 hex digits): equal exactly when bytes, width, end and special ids are."""
        return self._fingerprint

    @property
    def prefix_space(self) -> bool:
        """Whether the tokenizer puts a space in front of a text.

        The rule: with t in UTF-8, ``decode(encode(t))`` is t when this is False; when it is
        True it is one space and t, or t itself where t begins with whitespace and
        the tokenizer adds no second one.  An added token inside t may gain further
        spaces around it: some tokenizers treat what follows as a new text.
        """
        return self._prefix_space

    @property
    def normalizes(self) -> bool:
        """Whether the tokenizer changes texts before it encodes them (case, composed characters,
        runs of whitespace).

        ``decode(encode(t))`` is then the normalised text.  The bytes of each id are exact
        all the same, so what a model writes is read correctly.
        """
        return self._normalizes

    @property
    def missing_bytes(self) -> tuple[int, ...]:
        """The bytes that are no token of their own, ascending; texts that need one may have no tokens."""
        return tuple(sorted(_ALL_BYTES.difference(self._trie.single_bytes())))

    @property
    def covers_all_bytes(self) -> bool:
        """Whether each of the 256 bytes is a token of its own, so that every text has tokens."""
        return len(self._trie.single_bytes()) == 256

    def token_bytes(self, token_id: int) -> bytes | None:
        """The bytes of one id, or None where it is never text (special, unused, out of range)."""
        if not 0 <= token_id < self.size:
            return None
        return self._trie.token_bytes(token_id) or None

    def ids_of(self, token: bytes) -> list[int]:
        """Every id with exactly these bytes, ascending; tokenizers may have several."""
        return self._trie.ids_of(token)

    def decode(self, ids: Iterable[int]) -> bytes:
        """The concatenated bytes of ``ids``; ids that are never text contribute nothing.

        >>> Vocabulary.from_tokens([b"\\xc3", b"\\xa9", None], eos=2).decode([0, 1, 2]).decode()
        'é'
        """
        return b"".join([self.token_bytes(token_id) or b"" for token_id in ids])

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``, without special tokens and without any at its ends.

        The tokenizer decides where one is known, the longest token first otherwise.
        What it does to a text is under ``prefix_space`` and ``normalizes``.

        Raises VocabularyError where ``from_tokens`` has no token for the text.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise VocabularyError(
                f"the text cannot be encoded: character {error.start} is the lone surrogate "
                f"{text[error.start]!r}"
            ) from error
        if self._encode is not None:
            return self._encode(text)
        ids, covered = self._trie.encode_greedy(data)
        if covered < len(data):
            raise VocabularyError(
                f"no token continues the text at byte {covered} ({data[covered : covered + 12]!r}); "
                "the vocabulary lacks a token for it"
            )
        return ids

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self._fingerprint == other._fingerprint

    def __hash__(self) -> int:
        return hash(self._fingerprint)

    def __repr__(self) -> str:
        names = {token_id: name for name, token_id in self._special_ids.items()}
        ends = ", ".join(f"{i} {names[i]!r}" if i in names else str(i) for i in self._eos_ids)
        missing = len(self.missing_bytes)
        parts = [
            f"{self.size:,} tokens of {self._family}",
            f"width {self._width:,}",
            f"eos {ends}",
            f"{len(self._special_ids):,} special",
            f"{missing} bytes missing" if missing else "all bytes covered",
        ]
        parts += ["prefix space"] * self._prefix_space + ["normalizes"] * self._normalizes
        return f"Vocabulary({', '.join(parts)})"

    def _content_hash(self, table: TokenTable) -> str:
        facts = [self._width, list(self._eos_ids), sorted(self._special_ids.items()), table.text_hash()]
        return hashlib.sha256(json.dumps(["vocabulary 1", *facts]).encode()).hexdigest()


def _trie(table: TokenTable) -> TokenTrie:
    if table.size < _CACHED_FROM:
        return TokenTrie.build(table.text, table.offsets)
    entry = cache.key("token trie", table.text_hash())
    saved = cache.load("trie", entry)
    # The core compares every node with the text, so a stale or foreign entry cannot be taken for right.
    trie = TokenTrie.load(saved, table.text, table.offsets) if saved is not None else None
    if trie is None:
        trie = TokenTrie.build(table.text, table.offsets)
        cache.store("trie", entry, trie.save())
    return trie


def _token_list(tokens: Sequence[bytes | None] | Mapping[bytes, int]) -> list[bytes]:
    if isinstance(tokens, Mapping):
        for token in tokens:
            _check_is_bytes(token, f"the token of id {tokens[token]}")
        vocab = {token.decode("latin-1"): _index(i, f"the id of {token!r}") for token, i in tokens.items()}
        return [piece.encode("latin-1") for piece in by_id(vocab)]
    given: object = tokens
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise VocabularyError(f"tokens must be a list of bytes, one for each id, got {type(given).__name__}")
    listed: list[bytes] = []
    for token_id, entry in enumerate(tokens):
        if entry is not None:
            _check_is_bytes(entry, f"token {token_id}")
        listed.append(entry or b"")
    return listed


def _check_is_bytes(token: object, where: str) -> None:
    if not isinstance(token, bytes):
        hint = f"; encode it first, for instance {token!r}.encode()" if isinstance(token, str) else ""
        raise VocabularyError(f"{where} must be bytes or None, got {type(token).__name__}{hint}")


def _checked_width(table: TokenTable, width: int | None) -> int:
    largest = table.size - 1
    if largest < 0:
        raise VocabularyError(
            "the vocabulary is empty: it has no ids at all; give at least one token with bytes"
        )
    if width is None:
        return largest + 1
    width = _index(width, "width")
    if width <= largest:
        token = table.token(largest)
        name = next((name for name, i in table.special_ids.items() if i == largest), None)
        what = f"special token {name!r}" if name is not None else f"token {token!r}" if token else "no text"
        raise VocabularyError(
            f"width={width} is smaller than the vocabulary: the largest id is {largest} ({what}), "
            f"so the logits must be at least {largest + 1} wide"
        )
    return width


def _checked_eos(table: TokenTable, eos: int | Iterable[int] | None, width: int) -> tuple[int, ...]:
    if eos is None:
        ids = list(table.eos_ids)
    elif isinstance(eos, SupportsIndex):
        ids = [_index(eos, "eos")]
    else:
        ids = [_index(token_id, "eos") for token_id in eos]
    if not ids:
        raise VocabularyError("no end token is known, so no output could end; give eos=ID or eos=[ID, …]")
    for position, token_id in enumerate(ids):
        if not 0 <= token_id < width:
            raise VocabularyError(f"eos={token_id} is out of range: ids go from 0 to {width - 1}")
        if token_id in ids[:position]:
            raise VocabularyError(f"eos={token_id} is given twice; name each end id once")
    return tuple(ids)


def _index(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise VocabularyError(f"{name} must be an integer, got {value!r}")
    return operator.index(value)
