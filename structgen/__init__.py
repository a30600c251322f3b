"""Structured generation: model output that satisfies a JSON Schema, regular expression or Python type.

The public names and nothing else.  What needs torch is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structgen.caches import cache_info, clear_cache, set_cache_limit
from structgen.constraint import Constraint, compile
from structgen.constraint_cache import ConstraintCache
from structgen.errors import (
    BudgetTooSmall,
    ComplexityLimitExceeded,
    ContextTooSmall,
    GrammarError,
    GrammarSyntaxError,
    IntegrationError,
    InvalidGrammar,
    InvalidRequest,
    InvalidSchema,
    MatcherError,
    MatcherTerminated,
    RegexSyntaxError,
    SamplingFailed,
    StructgenError,
    TokenRejected,
    UnsatisfiableSchema,
    UnsupportedKeyword,
    VocabularyError,
)
from structgen.examples import example
from structgen.grammars.choice import choice
from structgen.grammars.composition import (
    json,
    one_of,
    optional,
    repeat,
    sequence,
    special,
    substring_of,
    tag,
    text,
)
from structgen.grammars.ebnf import ebnf
from structgen.grammars.gbnf import gbnf
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema
from structgen.grammars.lark import lark
from structgen.grammars.regex import regex
from structgen.grammars.tools import Tool, ToolCall, ToolReply, think, tool_calls
from structgen.matcher import Matcher, fill_masks
from structgen.validation import Problem, Validation, validate
from structgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from structgen.decode.aligned.state import AlignedState
    from structgen.decode.distortion import Distortion, distortion
    from structgen.decode.engine import Engine
    from structgen.decode.generate import generate
    from structgen.decode.load import load
    from structgen.decode.result import Alternative, Generation
    from structgen.decode.score import Score, score
    from structgen.decode.streaming import StreamEvent
    from structgen.integrations.transformers import LogitsProcessor

__version__ = "0.1.0"

# name -> module: these import torch or transformers.
_LAZY = {
    "AlignedState": "structgen.decode.aligned.state",
    "Distortion": "structgen.decode.distortion",
    "Engine": "structgen.decode.engine",
    "Alternative": "structgen.decode.result",
    "Score": "structgen.decode.score",
    "score": "structgen.decode.score",
    "Generation": "structgen.decode.result",
    "StreamEvent": "structgen.decode.streaming",
    "distortion": "structgen.decode.distortion",
    "generate": "structgen.decode.generate",
    "LogitsProcessor": "structgen.integrations.transformers",
    "load": "structgen.decode.load",
}

__all__ = [
    "AlignedState",
    "Alternative",
    "BudgetTooSmall",
    "ComplexityLimitExceeded",
    "Constraint",
    "ConstraintCache",
    "ContextTooSmall",
    "Distortion",
    "Engine",
    "Generation",
    "Grammar",
    "GrammarError",
    "GrammarSyntaxError",
    "IntegrationError",
    "InvalidGrammar",
    "InvalidRequest",
    "InvalidSchema",
    "LogitsProcessor",
    "Matcher",
    "MatcherError",
    "MatcherTerminated",
    "Problem",
    "RegexSyntaxError",
    "SamplingFailed",
    "Score",
    "StreamEvent",
    "StructgenError",
    "TokenRejected",
    "Tool",
    "ToolCall",
    "ToolReply",
    "UnsatisfiableSchema",
    "UnsupportedKeyword",
    "Validation",
    "Vocabulary",
    "VocabularyError",
    "cache_info",
    "choice",
    "clear_cache",
    "compile",
    "distortion",
    "ebnf",
    "example",
    "fill_masks",
    "gbnf",
    "generate",
    "json",
    "json_schema",
    "lark",
    "load",
    "one_of",
    "optional",
    "regex",
    "repeat",
    "score",
    "sequence",
    "set_cache_limit",
    "special",
    "substring_of",
    "tag",
    "text",
    "think",
    "tool_calls",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'structgen' has no attribute {name!r}")
    import importlib

    try:
        module = importlib.import_module(_LAZY[name])
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.split(".")[0] in ("torch", "transformers"):
            raise IntegrationError(
                f"structgen.{name} needs {missing.name}; install it with: pip install 'structgen[hf]'"
            ) from missing
        raise
    return getattr(module, name)
