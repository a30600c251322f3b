"""llama.cpp's grammars through llama-cpp-python: schema to GBNF, GBNF to a sampler that rules tokens out.

llama.cpp knows vocabularies only from model files, so the shared one is written as a file without weights
(package gguf). Its sampler works on logits: all are 0 before, and those it sets to -inf are what the mask
leaves out.
"""

from __future__ import annotations

import ctypes
import json
import tempfile
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np

from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading
from jsonschemabench.tokens import Tokens

__all__ = ["LlamaCpp"]

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class LlamaCpp(Engine):
    """One vocabulary without a model, one grammar sampler at a time."""

    name = "llama-cpp-python"
    package = "llama-cpp-python"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        self._silent = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._silent, ctypes.c_void_p(0))
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = True
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vocabulary.gguf"
            _write(tokens, path)
            self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._model:
            raise RuntimeError("llama.cpp cannot load the vocabulary")
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._candidates = np.zeros(tokens.width, dtype=CANDIDATE)
        self._candidates["id"] = np.arange(tokens.width)
        data = self._candidates.ctypes.data_as(llama_cpp.llama_token_data_p)
        self._array = llama_cpp.llama_token_data_array(data, tokens.width, -1, False)
        self._sampler: Any = None

    def compile(self, schema: Any, reading: Reading) -> None:
        grammar = llama_cpp.llama_grammar.json_schema_to_gbnf(json.dumps(reading.named(schema)))
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
        self._sampler = llama_cpp.llama_sampler_init_grammar(self._vocabulary, grammar.encode(), b"root")
        if not self._sampler:
            raise ValueError("llama.cpp cannot read the grammar made from the schema")

    def restart(self) -> None:
        llama_cpp.llama_sampler_reset(self._sampler)

    def fill(self) -> Mask:
        self._candidates["logit"] = 0.0
        self._array.size = self.tokens.width
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(self._array))
        bits = np.packbits(self._candidates["logit"] == 0.0, bitorder="little")
        row: Mask = np.pad(bits, (0, -len(bits) % 4)).view(np.uint32)
        return row

    def advance(self, token: int) -> None:
        llama_cpp.llama_sampler_accept(self._sampler, token)


def _write(tokens: Tokens, path: Path) -> None:
    """The vocabulary as a GGUF file of the byte-level kind, without merges that mean anything."""
    letters = _letters()
    names, kinds = [], []
    for token, text in enumerate(tokens.table):
        names.append(f"<special {token}>" if text is None else "".join(letters[byte] for byte in text))
        kinds.append(gguf.TokenType.CONTROL if text is None else gguf.TokenType.NORMAL)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{letters[97]} {letters[98]}"])
    writer.add_eos_token_id(tokens.end)
    writer.add_bos_token_id(tokens.end)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _letters() -> list[str]:
    """A printable character for every byte, as byte-level vocabularies write them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
