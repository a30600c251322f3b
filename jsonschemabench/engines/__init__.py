"""The engines that can be measured, by name; each is one small file that is imported when it is asked for.

``module:Class`` names an engine of your own: any importable subclass of `engine.Engine`.
"""

from __future__ import annotations

import importlib

from jsonschemabench.engines.engine import Engine, Missing
from jsonschemabench.errors import BenchError

__all__ = ["DEFAULT", "ENGINES", "Missing", "find"]

ENGINES = {
    "structgen": "jsonschemabench.engines.structgen:Structgen",
    "structgen.generate": "jsonschemabench.engines.structgen:StructgenGenerate",
    "llguidance": "jsonschemabench.engines.llguidance:LLGuidance",
    "xgrammar": "jsonschemabench.engines.xgrammar:XGrammar",
    "xgrammar_spec": "jsonschemabench.engines.xgrammar:XGrammarSpecification",
    "outlines_core": "jsonschemabench.engines.outlines_core:OutlinesCore",
    "lm-format-enforcer": "jsonschemabench.engines.lm_format_enforcer:LMFormatEnforcer",
    "llama-cpp-python": "jsonschemabench.engines.llama_cpp:LlamaCpp",
    "none": "jsonschemabench.engines.unconstrained:Unconstrained",
}
# What a run without --engines measures: this project and the engine it is held against. The others take
# their time: some schemas need seconds to compile, so they are asked for by name.
DEFAULT = ("structgen", "llguidance")


def find(name: str) -> type[Engine]:
    """The class of an engine, by its name or as ``module:Class``.

    Raises: Missing where its package is not installed, BenchError for a name nobody knows.

    >>> find("none").name
    'none'
    """
    place = ENGINES.get(name, name)
    module, mark, attribute = place.partition(":")
    if not mark:
        raise BenchError(
            f"no engine {name!r}; known: {', '.join(ENGINES)}, or module:Class for one of your own"
        )
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise Missing(error.name or module) from error
    except AttributeError as error:
        raise BenchError(f"the module {module} has no {attribute!r}") from error
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise BenchError(f"{name!r} is not a subclass of jsonschemabench.engines.engine.Engine")
    return found
