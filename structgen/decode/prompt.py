"""What is said to the model, as token ids; and the vocabulary a model's tokenizer has.

A prompt is text, a chat (a list of messages with "role" and "content") or token ids.  Text is
encoded with the special tokens the tokenizer itself puts around a text; a chat goes through the
tokenizer's chat template, with the opening of the assistant's answer appended.

The first token.  An output begins right behind the prompt and its bytes count exactly as they are.
Tokenizers of the SentencePiece kind have most words as "▁word", which is " word": such a token can
only come first where the grammar allows a leading space, and otherwise the same word comes as a
token without it.  Nothing is stripped from outputs.

Knows nothing about grammars.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from structgen.decode.forward import logits_width
from structgen.errors import InvalidRequest
from structgen.vocabulary import Vocabulary

_vocabularies: weakref.WeakKeyDictionary[Any, dict[tuple[Any, ...], Vocabulary]] = weakref.WeakKeyDictionary()


def model_and_tokenizer(model: Any, tokenizer: Any) -> tuple[Any, Any]:
    """The model and the tokenizer of a call; an object with ``.model`` and ``.tokenizer`` brings both."""
    if hasattr(model, "model") and hasattr(model, "tokenizer"):
        model, tokenizer = model.model, model.tokenizer if tokenizer is None else tokenizer
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        raise InvalidRequest("this is an encoder-decoder model; generate takes causal (decoder-only) models")
    if not hasattr(model, "get_input_embeddings") or not hasattr(model, "config"):
        raise InvalidRequest(
            "model must be a transformers causal model or what structgen.load() returns, "
            f"got {type(model).__name__}"
        )
    return model, tokenizer


def vocabulary_for(model: Any, tokenizer: Any) -> Vocabulary:
    """The vocabulary of a tokenizer, as wide as the model's logits; built once for each tokenizer."""
    if tokenizer is None:
        raise InvalidRequest(
            "no tokenizer: give tokenizer=AutoTokenizer.from_pretrained(…) (or a Vocabulary) beside the model"
        )
    if isinstance(tokenizer, Vocabulary):
        return tokenizer
    width, ends = logits_width(model), _end_ids(model, tokenizer)
    size = len(tokenizer) if hasattr(tokenizer, "__len__") else 0
    key = (width, size, tuple(ends or ()))
    try:
        known = _vocabularies.setdefault(tokenizer, {})
    except TypeError:  # cannot be hashed or weakly referenced
        return Vocabulary.from_tokenizer(tokenizer, width=width, eos=ends)
    if key not in known:
        known[key] = Vocabulary.from_tokenizer(tokenizer, width=width, eos=ends)
    return known[key]


def _end_ids(model: Any, tokenizer: Any) -> list[int] | None:
    """The tokenizer's end token, and what else the model's own settings name as one.

    Settings are believed only where they name a special token: configurations often carry another
    tokenizer's default, and ordinary text must not end an output.
    """
    own = getattr(tokenizer, "eos_token_id", None)
    ends = [own] if isinstance(own, int) else []
    added = getattr(tokenizer, "added_tokens_decoder", {})
    for settings in (getattr(model, "generation_config", None), model.config):
        named = getattr(settings, "eos_token_id", None)
        for token in named if isinstance(named, (list, tuple)) else [named]:
            if isinstance(token, int) and getattr(added.get(token), "special", False) and token not in ends:
                ends.append(token)
    return ends or None


def is_batch(prompt: Any) -> bool:
    """Whether ``prompt`` is a list of prompts rather than one."""
    prompt = _as_lists(prompt)
    if isinstance(prompt, (str, bytes, Mapping)) or not isinstance(prompt, Sequence):
        return False
    return len(prompt) > 0 and not isinstance(prompt[0], (int, Mapping))


def as_batch(prompt: Any) -> list[Any]:
    """The prompts of a call, one or many."""
    prompt = _as_lists(prompt)
    return list(prompt) if is_batch(prompt) else [prompt]


def encode_prompt(prompt: Any, tokenizer: Any, vocabulary: Vocabulary) -> list[int]:
    """The token ids of one prompt, at least one.

    Raises InvalidRequest naming what is wrong with it.
    """
    prompt = _as_lists(prompt)
    if isinstance(prompt, str):
        ids = _encode_text(prompt, tokenizer, vocabulary)
    elif isinstance(prompt, Sequence) and prompt and all(isinstance(part, Mapping) for part in prompt):
        ids = _encode_chat(prompt, tokenizer)
    elif isinstance(prompt, Sequence) and prompt and all(_is_id(part) for part in prompt):
        ids = [int(part) for part in prompt]
        for token in ids:
            if not 0 <= token < vocabulary.width:
                raise InvalidRequest(
                    f"prompt token {token} is out of range: ids go from 0 to {vocabulary.width - 1}"
                )
    else:
        raise InvalidRequest(
            "a prompt is text, a chat (a list of {'role': …, 'content': …}) or a list of token ids, "
            f"got {type(prompt).__name__}" + (" without elements" if prompt in ([], ()) else "")
        )
    if not ids:
        # A model needs something to continue: what its texts begin with, or else what separates them.
        begin = getattr(tokenizer, "bos_token_id", None)
        ids = [begin if isinstance(begin, int) else vocabulary.eos_ids[0]]
    return ids


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _as_lists(prompt: Any) -> Any:
    """Tensors and arrays as nested lists, anything else as it is."""
    return prompt.tolist() if hasattr(prompt, "tolist") else prompt


def _encode_text(text: str, tokenizer: Any, vocabulary: Vocabulary) -> list[int]:
    if callable(tokenizer) and hasattr(tokenizer, "apply_chat_template"):
        return [int(token) for token in tokenizer(text)["input_ids"]]
    return vocabulary.encode(text)


def _encode_chat(messages: Sequence[Any], tokenizer: Any) -> list[int]:
    if getattr(tokenizer, "chat_template", None) is None:
        raise InvalidRequest(
            "this tokenizer has no chat template, so a list of messages cannot become a prompt; "
            "give the prompt as text, or set tokenizer.chat_template"
        )
    ids = tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=True)
    if isinstance(ids, Mapping) or hasattr(ids, "input_ids"):
        ids = ids["input_ids"]
    return [int(token) for token in ids]
