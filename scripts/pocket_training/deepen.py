"""More layers for a finished model, which at first change nothing.

The last layers are doubled, each copy right behind its original (the stacking of Gong et
al. 2019), and a copy's two output matrices are set to zero, so that the deeper model says
exactly what the shallower one said (as in Net2Net, Chen et al. 2016) and learns from there.
This module knows nothing about data.
"""

from __future__ import annotations

import copy

import torch
from transformers import LlamaForCausalLM


@torch.no_grad()
def deepen(model: LlamaForCausalLM, layers: int) -> LlamaForCausalLM:
    """A model of ``layers`` layers that computes what ``model`` does; at most twice as many."""
    old = model.config.num_hidden_layers
    if not old <= layers <= 2 * old:
        raise ValueError(f"a model of {old} layers can be made {old} to {2 * old} deep, not {layers}")
    config = copy.deepcopy(model.config)
    config.num_hidden_layers = layers
    deeper = LlamaForCausalLM(config)
    deeper.model.embed_tokens.load_state_dict(model.model.embed_tokens.state_dict())
    deeper.model.norm.load_state_dict(model.model.norm.state_dict())
    deeper.tie_weights()
    place = 0
    for index, layer in enumerate(model.model.layers):
        deeper.model.layers[place].load_state_dict(layer.state_dict())
        place += 1
        if index >= 2 * old - layers:
            twin = deeper.model.layers[place]
            twin.load_state_dict(layer.state_dict())
            twin.self_attn.o_proj.weight.zero_()
            twin.mlp.down_proj.weight.zero_()
            place += 1
    return deeper
