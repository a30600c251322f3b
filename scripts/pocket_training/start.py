"""Initial weights whose first two layers already copy.

Answers here are copied from the text, which takes an induction circuit (Olsson et al. 2022):
one layer attends to the token before, the next looks for a place where the same token came
before and says what followed.  Finding that circuit is most of what training a small model
to copy costs, so, in the spirit of mimetic initialisation (Trockman & Kolter 2023), the
matrices start near it:

* embeddings share a constant part; with rotary positions, a query and a key made of it
  attend at a fixed distance: heads of layer 0 look one and two tokens back;
* layer 1 compares the token here with the token before there (and, for words separated by
  spaces, the token before here with two before there), on slow rotary frequencies;
* its values and outputs are transposes of each other, which copies the token found.

Everything stays trainable.  This module knows nothing about data.
"""

from __future__ import annotations

import torch
from transformers import LlamaForCausalLM

SCALE, CONSTANT = 0.08, 4.0
SHARPNESS, MATCH, SHIFTED, COPIED = 2.0, 2.5, 0.12, 2.0
SLOW = 4
"""Rotary pairs from this one on are slow enough to compare contents across a prompt."""


def _orthonormal(rows: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    matrix = torch.randn(max(rows, columns), max(rows, columns), generator=generator)
    return torch.linalg.qr(matrix)[0][:rows, :columns].contiguous()


@torch.no_grad()
def start_near_copying(model: LlamaForCausalLM, seed: int) -> None:
    """Set the weights of a fresh model with heads of 32 and at least four of them, in place."""
    generator = torch.Generator().manual_seed(seed)
    config = model.config
    width, head = config.hidden_size, config.hidden_size // config.num_attention_heads
    half = head // 2
    frequencies = config.rope_parameters["rope_theta"] ** (-torch.arange(half) / half)
    embedding = model.model.embed_tokens.weight
    constant = torch.nn.functional.normalize(torch.randn(width, generator=generator), dim=0)
    spread = torch.randn(embedding.shape, generator=generator)
    spread -= (spread @ constant)[:, None] * constant
    embedding.copy_(SCALE * (spread + CONSTANT * constant))
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.mul_(0.1)
        layer.mlp.down_proj.weight.mul_(0.1)

    first, second = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    read = _orthonormal(2 * head, width, generator)
    write = _orthonormal(width, 4 * head, generator)
    for index, distance in enumerate((1, 1, 2, 2)):
        rows = slice(index * head, (index + 1) * head)
        query, key = torch.zeros(head), torch.zeros(head)
        for pair in range(SLOW + 2):
            angle = distance * frequencies[pair]
            query[pair] = 1.0
            key[pair], key[pair + half] = torch.cos(angle), torch.sin(angle)
        first.q_proj.weight[rows] = SHARPNESS * query[:, None] * constant
        first.k_proj.weight[rows] = SHARPNESS * key[:, None] * constant
        first.v_proj.weight[rows] = read[(index % 2) * head : (index % 2 + 1) * head]
        first.o_proj.weight[:, rows] = SHIFTED * write[:, rows]

    slow = torch.zeros(head, 1)
    slow[SLOW:half], slow[half + SLOW :] = 1.0, 1.0
    here = (read[:head], read[head:], write[:, :head].T, write[:, head : 2 * head].T)
    there = (
        write[:, :head].T,
        write[:, head : 2 * head].T,
        write[:, 2 * head : 3 * head].T,
        write[:, 3 * head : 4 * head].T,
    )
    basis = _orthonormal(width, width, generator)
    for index in range(4):
        rows = slice(index * head, (index + 1) * head)
        second.q_proj.weight[rows] = MATCH * slow * here[index]
        second.k_proj.weight[rows] = MATCH * slow * there[index]
        second.v_proj.weight[rows] = basis[rows]
        second.o_proj.weight[:, rows] = COPIED * basis[rows].T
