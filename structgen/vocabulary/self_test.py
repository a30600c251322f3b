"""The self-test of a vocabulary: encode texts and compare the tokens' bytes with the text's own.

It also observes what no configuration says reliably: whether the tokenizer puts
a space in front of a text, and whether it normalises what it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from structgen.errors import VocabularyError
from structgen.vocabulary.table import Source

# Not in the pool: U+2581, which SentencePiece cannot tell from a space.
SAMPLES = (
    "Hello, world! It's 3.14 o'clock; isn't it?",
    '{"name": "Ada", "tags": [1, -2.5e10, null, true], "nested": {"a": {}}}',
    "def f(x):\n    return [y ** 2 for y in range(x)]  # comment\n\n\tif x:\r\n\t\tpass\n",
    "SELECT * FROM t WHERE a <> 'b''c' AND \"d\" LIKE '%\\_%';",
    "one  two   three    four     five          many",
    " leading and trailing ",
    "\n\n\n\t\t \n",
    "Zürich naïve façade Ærøskøbing Łódź İstanbul straße",
    "Съешь ещё этих мягких булок. Ελληνικά. עברית العربية",
    "日本語のテキスト、中文文本。한국어 텍스트",
    "हिन्दी में पाठ ไทย தமிழ்",
    "emoji 😀👩‍👩‍👧‍👦🏳️‍🌈🇨🇭 done",
    "combining: e\u0301 n\u0303 a\u0308\u0304 Z\u0351\u0352",
    "compatibility: ﬁ ½ ① Ａ \u00a0 \u2003 \u3000",
    "rare: \U00010348 \U0001f9ff \U000e0067 \ufffd \ufeff",
    "controls: \x00 \x01 \x1b[0m \x7f \x80 \u2028 \u200b",
    "https://example.org/a/b?c=d&e=%20#f 1234567890 0xDEADBEEF ++--==!=<=>=&&||",
    "SCREAMING_SNAKE camelCase kebab-case aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "<b>not &amp; special</b> <0x41> [x] {{y}} $z$ ``` ~~~ \\n \\u0041",
)
_PROBES = ("x", "a", "e", "1", "the", "{")


@dataclass(frozen=True)
class Outcome:
    """What the self-test saw; see ``Vocabulary.prefix_space`` and ``Vocabulary.normalizes``."""

    prefix_space: bool
    normalizes: bool


def run(source: Source, missing_bytes: frozenset[int]) -> Outcome:
    """Compare encoded samples with their UTF-8.

    A sample is left out where it cannot decide anything: it needs a byte the
    vocabulary lacks, or holds an added token (around which tokenizers insert or
    swallow spaces).  Raises VocabularyError naming the text and the first tokens
    that differ.
    """
    if source.encode is None or source.is_own_encoder:
        return Outcome(prefix_space=False, normalizes=False)
    table = source.table
    bounds = table.offsets

    def decode(ids: list[int]) -> bytes:
        beyond = [i for i in ids if not 0 <= i < table.size]
        if beyond:
            raise VocabularyError(
                f"the tokenizer encodes to id {beyond[0]}, but its vocabulary ends at {table.size - 1}"
            )
        return b"".join(table.text[bounds[i] : bounds[i + 1]] for i in ids)

    prefix_space = _puts_space_first(source.encode, decode)
    normalizes = False
    own = "".join(chr(byte) for byte in range(0x21, 0x7F) if byte not in missing_bytes)
    for text in (*SAMPLES, own):
        if any(content in text for content in source.opaque if content):
            continue
        ids = source.encode(text)
        got = decode(ids)
        if got in _expected(text, prefix_space):
            continue
        if source.unknown_id in ids or not missing_bytes.isdisjoint(text.encode()):
            continue
        if source.normalize is not None and _same_words(got, source.normalize(text)):
            normalizes = True
            continue
        _refuse(source, text, ids, got, prefix_space)
    return Outcome(prefix_space, normalizes)


def _puts_space_first(encode: Callable[[str], list[int]], decode: Callable[[list[int]], bytes]) -> bool:
    for probe in _PROBES:
        got = decode(encode(probe))
        if got in (probe.encode(), b" " + probe.encode()):
            return got.startswith(b" ")
    return False


def _expected(text: str, prefix_space: bool) -> tuple[bytes, ...]:
    plain = text.encode()
    if not prefix_space:
        return (plain,)
    # Some put no second space in front of one that is there.
    return (b" " + plain, plain) if text[:1].isspace() else (b" " + plain,)


def _same_words(got: bytes, normal: str) -> bool:
    """Equal up to runs of whitespace, which some tokenizers collapse outside their normalizer."""
    return got.decode("utf-8", "replace").split() == normal.split()


def _refuse(source: Source, text: str, ids: list[int], got: bytes, prefix_space: bool) -> None:
    want = _expected(text, prefix_space)[0]
    position = 0
    culprits: list[str] = []
    for token_id in ids:
        token = source.table.token(token_id)
        if not token or not want.startswith(token, position):
            name = next((n for n, i in source.table.special_ids.items() if i == token_id), None)
            culprits.append(f"id {token_id} = {token!r}" + (f" ({name!r})" if name else ""))
            if len(culprits) == 3:
                break
        else:
            position += len(token)
    raise VocabularyError(
        f"the tokenizer fails the self-test: for the text {text!r} its tokens spell {got!r}, which departs "
        f"from the text's bytes at {position} ({want[position : position + 12]!r} expected"
        + (f"; there stand {', '.join(culprits)}" if culprits else "; the tokens end there")
        + "). Its tokens' bytes cannot be trusted; use Vocabulary.from_tokens with the bytes of each id"
    )
