"""The pocket tokenizer: byte-level BPE in which a word is the same tokens wherever it stands.

Spaces never join a word and digits stand alone, so that a name after a space and the
same name after a quotation mark are equal token sequences and copying is plain
induction.  Punctuation does join its neighbours (``", "``, ``": "``), so tokens that
cross the structure of JSON exist, as they do in large vocabularies.  Every prompt begins with
the end of the text before it: a place for attention to rest on, and something to stand before
the first word, so that a word there can be found and copied like any other.
Byte-level BPE follows Radford et al. 2019.  This module knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

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
    "{{ '<|endoftext|>' }}"
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
    begin_with_end(tokenizer)
    return tokenizer


def begin_with_end(tokenizer: Tokenizer) -> None:
    """Put the end-of-text token before every text that is encoded with special tokens."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A $B", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
