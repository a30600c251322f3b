"""Seeded random models of a few thousand parameters: real architectures, no downloads.

Their outputs mean nothing, but they are deterministic, have caches, positions and padding as the
large ones do, and are small enough to enumerate every output they could give.
"""

from __future__ import annotations

from typing import Any

import torch


def tiny_llama(
    width: int, *, seed: int = 0, layers: int = 2, hidden: int = 16, sharpness: float = 8.0
) -> Any:
    """A LlamaForCausalLM with ``width`` logits and rotary positions, in evaluation mode.

    ``sharpness`` scales the logits: 0 is a uniform model, 8 a fairly opinionated one.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=width,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        initializer_range=0.5,
        tie_word_embeddings=False,
    )
    return _build(LlamaForCausalLM, config, seed, sharpness)


def tiny_gpt2(width: int, *, seed: int = 0, layers: int = 2, hidden: int = 16, sharpness: float = 8.0) -> Any:
    """A GPT2LMHeadModel: absolute positions, which show every mistake in counting them."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=width,
        n_embd=hidden,
        n_layer=layers,
        n_head=2,
        n_positions=128,
        bos_token_id=None,
        eos_token_id=None,
        initializer_range=0.5,
        tie_word_embeddings=False,
    )
    return _build(GPT2LMHeadModel, config, seed, sharpness)


def tiny_sliding(width: int, *, seed: int = 0, window: int = 6, sharpness: float = 8.0) -> Any:
    """A MistralForCausalLM whose layers see ``window`` positions only: a cache that drops keys."""
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=width,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        sliding_window=window,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        initializer_range=0.5,
        tie_word_embeddings=False,
    )
    return _build(MistralForCausalLM, config, seed, sharpness)


def _build(kind: Any, config: Any, seed: int, sharpness: float) -> Any:
    generator_state = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed)
        model = kind(config).eval()
    finally:
        torch.random.set_rng_state(generator_state)
    head = model.get_output_embeddings()
    with torch.no_grad():
        # Unit rows times the normalised hidden state: logits of about ``sharpness`` / sqrt(hidden).
        head.weight.mul_(sharpness / (head.weight.norm(dim=-1, keepdim=True) * head.weight.shape[1] ** 0.5))
    return model
