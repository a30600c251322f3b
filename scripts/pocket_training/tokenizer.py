"""The pocket tokenizer: byte-level BPE in which a word is the same tokens wherever it stands.

Spaces never join a word and digits stand alone, so that a name after a space and the
same name after a quotation mark are equal token sequences and copying is plain
induction.  Punctuation does join its neighbours (``", "``, ``": "``), so tokens that
cross the structure of JSON exist, as they do in large vocabularies.
Byte-level BPE follows Radford et al. 2019.  This module knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

END, PAD = "<|endoftext|>", "<|pad|>"
SPECIAL = (END, PAD, "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>")

PIECES = (
    r"\p{Lu}?[\p{Ll}\p{M}]+"  # word, Word
    r"|\p{Lu}+(?!\p{Ll})"  # JSON, or the capitals before a Word
    r"|[\p{L}\p{M}]+"  # scripts without case
    r"|\p{N}"  # one digit at a time
    r"| ?[^\s\p{L}\p{M}\p{N}]+ ?"  # punctuation with a space on either side
    r"|\s*[\r\n]+ *"  # line ends with the indentation that follows
    r"| +|\s+"
)

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ '<|endoftext|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


def train_tokenizer(texts: Iterator[str], size: int) -> Tokenizer:
    """A tokenizer of ``size`` tokens over the whole byte alphabet, without normalisation."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=16,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
