"""How long a Vocabulary takes to build, cold and with its cached trie, and what it holds.

    python benchmarks/vocabulary.py [--rounds 7]

Tokenizers come from mistral-common, so nothing is fetched; loading the tokenizer
library's own object is not counted.  Wall and processor time are the median of
the rounds: on a busy machine the second is the one to compare.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def byte_level_tokenizer(tekkenizer: Any) -> Any:
    """tekken's 130,072 byte strings as a Hugging Face byte-level tokenizer (without its merges)."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    from structgen.vocabulary.byte_level import byte_alphabet

    spell = {byte: character for character, byte in byte_alphabet().items()}
    first = tekkenizer.num_special_tokens
    ranks = (tekkenizer.id_to_byte_piece(i) for i in range(first, tekkenizer.n_words))
    vocab = {"".join(spell[byte] for byte in token): rank for rank, token in enumerate(ranks)}
    tokenizer = Tokenizer(models.BPE(vocab, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(["<|end|>"])
    return tokenizer


def measure(build: Callable[[], Any], before: Callable[[], None], rounds: int) -> tuple[float, float]:
    """Median wall and processor milliseconds of ``build``, with ``before`` run first and not counted."""
    walls, processors = [], []
    for _ in range(rounds):
        before()
        wall, processor = time.perf_counter(), time.process_time()
        build()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return 1000 * statistics.median(walls), 1000 * statistics.median(processors)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds

    import mistral_common
    import sentencepiece
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    from structgen.vocabulary import Vocabulary

    models = Path(mistral_common.__file__).parent / "data"
    tekken = models / "tekken_240911.json"
    tekkenizer = Tekkenizer.from_file(tekken)
    byte_level = byte_level_tokenizer(tekkenizer)
    end = byte_level.token_to_id("<|end|>")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(models / "tokenizer.model.v1"))
    builds: dict[str, Callable[[], Vocabulary]] = {
        "tekken, file of 19 MB": lambda: Vocabulary.from_tokenizer(tekken),
        "tekken, Tekkenizer": lambda: Vocabulary.from_tokenizer(tekkenizer),
        "byte-level, Hugging Face": lambda: Vocabulary.from_tokenizer(byte_level, eos=end),
        "SentencePiece, processor": lambda: Vocabulary.from_tokenizer(processor),
    }
    print(f"{'milliseconds':26} {'tokens':>8} {'nodes':>8} {'MB':>5}", end="")
    print(f" {'cold wall':>10} {'cpu':>6} {'cached wall':>12} {'cpu':>6}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STRUCTGEN_CACHE"] = folder

        def forget() -> None:
            shutil.rmtree(folder, ignore_errors=True)

        for name, build in builds.items():
            vocabulary = build()
            cold = measure(build, forget, rounds)
            warm = measure(build, lambda: None, rounds)
            trie = vocabulary.trie
            print(
                f"{name:26} {vocabulary.size:8,} {trie.node_count:8,} {trie.memory_bytes / 1e6:5.1f} "
                f"{cold[0]:10.0f} {cold[1]:6.0f} {warm[0]:12.0f} {warm[1]:6.0f}"
            )


if __name__ == "__main__":
    main()
