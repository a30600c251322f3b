"""What is asked for, as a constraint and a way to turn its text into a value.

Exactly one of schema, regex, choice, grammar and type says what is allowed.  Grammars and their
options are the business of `structgen.grammars`; this module only chooses among them.

Knows nothing about models or prompts.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from structgen.constraint import Constraint, compile
from structgen.decode.run import Reader
from structgen.errors import InvalidRequest, StructgenError
from structgen.grammars.choice import choice as choice_grammar
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema
from structgen.grammars.regex import regex as regex_grammar
from structgen.grammars.types import TypeSpec, type_spec


def resolve(
    vocabulary: Any,
    *,
    schema: Any = None,
    regex: str | None = None,
    choice: Any = None,
    grammar: Any = None,
    type: Any = None,
    options: Mapping[str, Any],
) -> tuple[Any, Reader]:
    """The constraint of a request and the function from finished text to value.

    ``schema`` may be a dict, a bool, JSON text, a Grammar, or any type ``type`` takes.  ``options`` are
    those of the grammar: property_order, whitespace, numbers and so on for schemas and types.
    Raises InvalidRequest for none or several of the five, or an option nobody knows.
    """
    given = {"schema": schema, "regex": regex, "choice": choice, "grammar": grammar, "type": type}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        got = " and ".join(f"{name}=" for name in named) or "none of them"
        raise InvalidRequest(f"give exactly one of schema=, regex=, choice=, grammar= and type=; got {got}")
    if schema is not None and not isinstance(schema, (Mapping, bool, str, bytes)):
        if isinstance(schema, (Grammar, Constraint)):
            grammar = schema
        else:
            type = schema
    if grammar is not None:
        _refuse_options(options, "a finished grammar")
        return _of_grammar(grammar, vocabulary)
    if type is not None:
        spec = type_spec(type)
        checked = _checked(json_schema, options)
        return _compiled(json_schema(spec.schema, **checked), vocabulary, _reader_of(spec))
    if regex is not None:
        return _compiled(regex_grammar(regex, **_checked(regex_grammar, options)), vocabulary)
    if choice is not None:
        return _compiled(choice_grammar(choice, **_checked(choice_grammar, options)), vocabulary)
    return _compiled(json_schema(schema, **_checked(json_schema, options)), vocabulary)


def _compiled(
    grammar: Grammar, vocabulary: Any, read: Callable[[Any], Any] | None = None
) -> tuple[Any, Reader]:
    constraint = compile(grammar, vocabulary)
    if read is None:
        return constraint, grammar.parse
    return constraint, lambda text: read(grammar.parse(text))


def _of_grammar(grammar: Any, vocabulary: Any) -> tuple[Any, Reader]:
    if isinstance(grammar, Grammar):
        return _compiled(grammar, vocabulary)
    if hasattr(grammar, "matcher") and hasattr(grammar, "vocabulary"):
        return grammar, getattr(grammar.grammar, "parse", lambda text: text)
    raise InvalidRequest(
        f"grammar= takes a Grammar (structgen.json_schema(…), structgen.regex(…)) or a compiled Constraint, "
        f"got {grammar.__class__.__name__}"
    )


def _reader_of(spec: TypeSpec) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        try:
            return spec.read(value)
        except Exception as error:
            # Validators written in Python are outside what a schema can say.
            raise StructgenError(
                f"the output satisfies the schema of {spec.name}, but {spec.name} itself refused it: {error} "
                f"(the value is {value!r}); express the rule as a constraint of the field, or use schema="
            ) from error

    return read


def _checked(build: Callable[..., Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = inspect.signature(build).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            _unknown(name, known, f"for {build.__name__}")
    return options


def _refuse_options(options: Mapping[str, Any], what: str) -> None:
    for name in options:
        _unknown(name, [], f"with {what}")


def _unknown(name: str, known: list[str], where: str) -> None:
    from structgen.decode.generate import generate

    everything = [*known, *(p for p in inspect.signature(generate).parameters if p != "grammar_options")]
    near = difflib.get_close_matches(name, everything, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise InvalidRequest(f"generate has no parameter {name!r} {where}{hint}")
