"""One file for each family of formats; STYLES maps names to them."""

from __future__ import annotations

from .deepseek import DeepSeek
from .hermes import Hermes
from .llama import Llama
from .mistral import Mistral, MistralNamed
from .openai import OpenAI
from .pythonic import Pythonic
from .style import Style

STYLES: dict[str, Style] = {
    "hermes": Hermes(),
    "qwen": Hermes(),
    "llama3.1": Llama(),
    "pythonic": Pythonic(),
    "mistral": Mistral(),
    "mistral-v11": MistralNamed(),
    "deepseek": DeepSeek(fenced=True),
    "deepseek-v3.1": DeepSeek(fenced=False),
    "openai": OpenAI(),
}

__all__ = ["STYLES", "Style"]
