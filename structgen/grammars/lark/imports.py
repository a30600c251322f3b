"""Lark's loader with the grammars that come with lark read once a process, not once an import.

``%import common.WS`` makes lark read all of ``common.lark`` and rename what it defines: nearly half of the
time that a small grammar takes.  Here such a grammar is kept as lark has read it, and only the definitions
that are needed are renamed.  Everything else is lark's own.  Knows nothing of rules or terminals.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from errno import ENOENT
from typing import Any


def load(text: str) -> Any:
    """Return lark's Grammar of a text, imports resolved; raises what lark's own loader raises."""
    builder = _builder()(False, [])
    builder.load_grammar(text, "<string>")
    return builder.build()


@functools.cache
def _builder() -> Any:
    """The class of loaders; made on first use, since lark takes a while to import."""
    from lark.load_grammar import GrammarBuilder, _get_mangle

    class Builder(GrammarBuilder):  # type: ignore[misc]
        def do_import(
            self,
            dotted_path: tuple[str, ...],
            base_path: str | None,
            aliases: dict[str, str],
            base_mangle: Callable[[str], str] | None = None,
        ) -> None:
            if base_path is not None:  # a file beside the program
                super().do_import(dotted_path, base_path, aliases, base_mangle)
                return
            mangle = _get_mangle("__".join(dotted_path), aliases, base_mangle)
            library = _library(tuple(map(str, dotted_path)))
            self._definitions.update(_renamed(library, aliases, mangle, self._definitions))

    return Builder


@functools.cache
def _library(dotted_path: tuple[str, ...]) -> dict[str, Any]:
    """The definitions of a grammar that comes with lark; OSError where there is none."""
    from lark.load_grammar import EXT, stdlib_loader

    try:
        place, text = stdlib_loader(None, "/".join(dotted_path) + EXT)
    except OSError:
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), "/".join(dotted_path) + EXT) from None
    builder = _builder()(False, [])
    builder.load_grammar(text, place)
    definitions: dict[str, Any] = builder._definitions
    return definitions


def _renamed(
    library: dict[str, Any], wanted: Iterable[str], mangle: Callable[[str], str], known: dict[str, Any]
) -> dict[str, Any]:
    """What is wanted of a library, and the rules that this needs, under new names."""
    from lark.exceptions import GrammarError
    from lark.load_grammar import Definition, _find_used_symbols, _mangle_definition_tree

    needed: dict[str, None] = {}
    work = list(wanted)
    while work:
        name = work.pop()
        if name in needed or name not in library:
            continue
        needed[name] = None
        definition = library[name]
        if not definition.is_term:  # terminals hold what they mention
            work.extend(_find_used_symbols(definition.tree) - set(definition.params))
    found = {}
    for name in filter(needed.__contains__, library):
        definition, new = library[name], mangle(name)
        if new in known:
            raise GrammarError(f"Cannot import {new!r}: Symbol already defined.")
        tree = definition.tree and _mangle_definition_tree(definition.tree, mangle)  # None: only declared
        found[new] = Definition(definition.is_term, tree, map(mangle, definition.params), definition.options)
    return found
