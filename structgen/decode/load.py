"""A model and its tokenizer by name: the embedded one, or a folder on disk; never the network.

Knows nothing about grammars or prompts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from structgen import pocket
from structgen.errors import InvalidRequest


@dataclass(frozen=True)
class Loaded:
    """A causal language model in evaluation mode, and its tokenizer."""

    model: Any
    tokenizer: Any


def load(name_or_path: str | os.PathLike[str] = "pocket", *, device: str = "cpu") -> Loaded:
    """Load the embedded model ("pocket"), or a transformers causal model from its folder.

    Every call returns objects of its own, the model in evaluation mode on ``device``. Nothing is
    downloaded. Raises InvalidRequest where there is no such folder, or no model that transformers can
    load in it; IntegrationError if torch or transformers is missing.

    >>> load().tokenizer.eos_token
    '<|endoftext|>'
    """
    if name_or_path == "pocket":
        own = pocket.load(device)
        return Loaded(own.model, own.tokenizer)
    folder = Path(name_or_path)
    if not (folder / "config.json").is_file():
        raise InvalidRequest(
            f"no model at {str(folder)!r}: give 'pocket', or a folder with config.json, weights and tokenizer"
        )
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        # Damaged or foreign files surface as whatever the reader of that file raises.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidRequest(f"transformers cannot load the model in {str(folder)!r}: {reason}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    return Loaded(model.eval().to(torch.device(device)), tokenizer)
