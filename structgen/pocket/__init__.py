"""The pocket model: a small language model that comes with the library.

A Llama of 2.1 million parameters with a byte-level BPE tokenizer, trained by
``scripts/train_pocket.py`` on generated descriptions and the JSON that says the same.
It fills in schemas from short texts, calls functions and answers simple questions; it
has no knowledge of the world.  This module knows nothing about constraints.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structgen.errors import IntegrationError

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = ["Pocket", "load", "prompt"]

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pocket:
    """A language model and its tokenizer, ready for use."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast


def load(device: str = "cpu") -> Pocket:
    """Load the embedded model and tokenizer.

    The model is in evaluation mode, in float32, on ``device``; every call returns objects of
    its own.  Nothing is downloaded.  Cost: well under a second once torch and transformers
    are imported; about 10 MB of memory.

    Raises: IntegrationError if torch or transformers is missing.

    >>> from structgen import pocket
    >>> pocket.load().tokenizer.eos_token
    '<|endoftext|>'
    """
    try:
        import torch
        from safetensors.torch import load_file
        from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    except ImportError as error:
        raise IntegrationError(
            f"the pocket model needs torch and transformers, and {error.name or 'one of them'} is missing;"
            " install them with: pip install 'structgen[hf]'"
        ) from error
    config = LlamaConfig.from_pretrained(str(_HERE))
    config.dtype = torch.float32
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        model: Any = LlamaForCausalLM(config)
    weights = {name: tensor.float() for name, tensor in load_file(_HERE / "model.safetensors").items()}
    model.load_state_dict(weights, strict=False)  # the output matrix is the embedding, stored once
    model.tie_weights()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(_HERE / "tokenizer.json"),
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|pad|>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=model.config.max_position_embeddings,
        chat_template=(_HERE / "chat_template.jinja").read_text(encoding="utf-8"),
    )
    return Pocket(model.eval().to(device), tokenizer)


def prompt(text: str, schema: Any = None) -> str:
    """The plain-text template the model knows best: a text, the schema if any, and the call for JSON.

    >>> prompt("Ada is 36.", {"type": "object"})
    'Text: Ada is 36.\\nSchema: {"type": "object"}\\nJSON:\\n'
    """
    import json

    lines = [f"Text: {text}"]
    if schema is not None:
        lines.append(f"Schema: {json.dumps(schema, ensure_ascii=False)}")
    return "\n".join([*lines, "JSON:", ""])
