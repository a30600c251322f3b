"""What is asked for, as constraints and ways to turn their texts into values.

For each prompt exactly one of schema, regex, choice, grammar and type says what is allowed, or none of
them: free text.  Grammars and their options are the business of `structgen.grammars`; this module only
chooses among them.

Knows nothing about models or prompts.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from structgen.constraint import Constraint, compile
from structgen.decode.free import FreeText
from structgen.decode.run import Reader
from structgen.decode.settings import per_row
from structgen.errors import InvalidRequest, StructgenError
from structgen.grammars.choice import choice as choice_grammar
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema
from structgen.grammars.regex import regex as regex_grammar
from structgen.grammars.types import TypeSpec, type_spec

KINDS = ("schema", "regex", "choice", "grammar", "type")


def resolve_rows(
    vocabulary: Any,
    asked: Mapping[str, Any],
    stop: Any,
    prompts: int | None,
    options: Mapping[str, Any],
) -> list[tuple[Any, Reader]]:
    """The constraint and the reader of each prompt.

    ``asked``: the five kinds by name; each is one thing for all ``prompts`` (None: a single one) or a list
    with an entry for each, None where that prompt is asked for something else or for free text.  ``stop``:
    strings that end free text, for all rows or a list of lists; not None, it makes a call without any
    constraint a call for free text.  What several rows ask for alike is compiled once.
    """
    count = 1 if prompts is None else prompts
    columns = {name: _column(name, asked.get(name), prompts) for name in KINDS}
    stops = _stops(stop, prompts, count)
    constrained = any(column is not None for column in columns.values())
    known: dict[tuple[tuple[str, int], ...], tuple[Any, Reader]] = {}
    found: list[tuple[Any, Reader]] = []
    for row in range(count):
        wanted = {name: None if column is None else column[row] for name, column in columns.items()}
        named = [name for name in KINDS if wanted[name] is not None]
        if not named and (constrained or stop is not None):
            _refuse_options({} if constrained else options, "free text")
            found.append((FreeText(vocabulary, stops[row] or ()), str))
            continue
        if stops[row] and named:
            raise InvalidRequest(
                f"stop= ends free text, but prompt {row} has {named[0]}=; leave stop out there "
                "(None in a list), a constraint says itself where the output may end"
            )
        key = tuple((name, id(wanted[name])) for name in named)
        if key not in known:
            known[key] = resolve(vocabulary, **wanted, options=options)
        found.append(known[key])
    return found


def _column(name: str, value: Any, prompts: int | None) -> Sequence[Any] | None:
    """One entry for each prompt; None where nothing was given."""
    if value is None:
        return None
    rowwise = isinstance(value, (list, tuple))
    if name == "choice":  # a list of strings is one choice; a list of lists is one for each prompt
        rowwise = rowwise and any(one is None or isinstance(one, (list, tuple)) for one in value)
    return per_row(name, value, prompts) if rowwise else [value] * (1 if prompts is None else prompts)


def _stops(stop: Any, prompts: int | None, count: int) -> Sequence[Any]:
    if isinstance(stop, str):
        stop = [stop]
    if isinstance(stop, (list, tuple)) and any(one is None or isinstance(one, (list, tuple)) for one in stop):
        return per_row("stop", stop, prompts)
    return [stop] * count


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
        raise InvalidRequest(
            f"give exactly one of schema=, regex=, choice=, grammar= and type=; got {got} "
            "(stop=[] alone asks for free text)"
        )
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
