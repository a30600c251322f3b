"""The C++ core: expressions, formulas, token tries and matchers."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex

import numpy
from numpy.typing import NDArray

class PatternError(ValueError):
    pass

class CaseTable:
    """
    Which code points are equal when case is ignored; made of sets of such.
    """

    def __init__(self, sets: Sequence[Sequence[int]]) -> None: ...

class RegexStore:
    """
    Interned regular expressions; an expression is an int, 0 is the empty language.
    """

    def __init__(self) -> None: ...
    def parse(
        self,
        pattern: str,
        dialect: str,
        property: Callable[[str], list[tuple[int, int]] | None],
        case_table: Callable[[], CaseTable],
    ) -> tuple[int, list[str]]:
        """
        The expression of a pattern, and notes on what was read as meant. Raises PatternError(message, position).
        """

    def bytes(self, low: int, high: int) -> int: ...
    def code_points(self, ranges: Sequence[tuple[int, int]]) -> int:
        """One code point of these inclusive ranges."""

    def literal(self, text: str | builtins.bytes) -> int: ...
    def words(self, words: Sequence[str] | Sequence[builtins.bytes]) -> int:
        """Exactly these strings; any order, duplicates allowed."""

    def concat(self, parts: Sequence[int]) -> int: ...
    def alternate(self, parts: Sequence[int]) -> int: ...
    def intersect(self, parts: Sequence[int]) -> int: ...
    def complement(self, r: int) -> int:
        """The valid UTF-8 strings that are not in r."""

    def repeat(self, r: int, min: int, max: int | None = None) -> int:
        """At least min times, at most max times (None: no bound)."""

    def punycode(self, r: int, octets: int) -> int:
        """
        Texts of at most so many octets that RFC 3492 decodes to a member of r beyond ASCII: what stands behind "xn--" in host names, those that a bounded search finds the way to.
        """

    def nullable(self, r: int) -> bool: ...
    def step(self, r: int, byte: int) -> int:
        """What may follow the byte; 0 where no completion exists."""

    def empty(self, r: int) -> bool: ...
    def first_bytes(self, r: int) -> builtins.bytes:
        """The bytes that members begin with, and perhaps some more, ascending."""

    def distance(self, r: int) -> int:
        """Bytes of the witness; 2**32 - 1 when it is longer or there is none."""

    def witness(self, r: int) -> builtins.bytes:
        """
        A shortest member, unless that takes too long to prove: then a short one.
        """

    def matches(self, r: int, text: str | builtins.bytes) -> bool: ...
    def print(self, r: int) -> str: ...
    def memory_bytes(self) -> int: ...
    def __len__(self) -> int: ...

def complete_number(
    prefix: str, cells: Sequence[Sequence[tuple[str, str, bool]]], form: str
) -> str | None: ...
def number_meets(text: str, cell: Sequence[tuple[str, str, bool]], form: str) -> bool: ...
def number_decided(prefix: str, kind: str, value: str, form: str) -> bool | None: ...
def is_number(text: str, form: str) -> bool: ...
def is_number_prefix(text: str, form: str) -> bool: ...
def lexical_representative(prefix: str, form: str) -> str: ...
def decimal_text(a: str) -> str: ...
def decimal_compare(a: str, b: str) -> int: ...
def decimal_is_multiple(a: str, b: str) -> bool: ...
def read_rank_entries(json: builtins.bytes, start: int) -> tuple[builtins.bytes, list[int], int] | None:
    """
    The JSON array of {rank, token_bytes} from just behind its '[': the bytes of all ranks, their offsets, and where its ']' stands; None for any other shape.
    """

class TokenTrie:
    """The bytes of every token as a trie in depth-first order; immutable."""

    @staticmethod
    def build(text: builtins.bytes, offsets: NDArray[numpy.uint32]) -> TokenTrie:
        """
        The trie of text[offsets[i]:offsets[i + 1]]; an empty token is never text.
        """

    @staticmethod
    def load(saved: builtins.bytes, text: builtins.bytes, offsets: NDArray[numpy.uint32]) -> TokenTrie | None:
        """What save() wrote for exactly this text, or None."""

    def save(self) -> builtins.bytes:
        """The shape of the trie, without the text."""

    def token_bytes(self, id: int) -> builtins.bytes:
        """The bytes of one id; empty for an id that is never text."""

    def ids_of(self, bytes: builtins.bytes) -> list[int]:
        """Every id with exactly these bytes, ascending."""

    def encode_greedy(self, bytes: builtins.bytes) -> tuple[list[int], int]:
        """Longest token first: the ids, and how many bytes they cover."""

    def single_bytes(self) -> builtins.bytes:
        """The bytes that are tokens of their own, ascending."""

    def nodes(self) -> list[tuple[int, int, int, int]]:
        """(subtree_end, token, depth, byte) of every node, in preorder."""

    @property
    def node_count(self) -> int: ...
    @property
    def vocabulary_size(self) -> int: ...
    @property
    def longest_token(self) -> int: ...
    @property
    def memory_bytes(self) -> int: ...

class Store:
    """Where formulas are built; ids are small integers, equal when equal."""

    def __init__(self) -> None: ...
    @property
    def regex(self) -> RegexStore: ...
    @property
    def memory_bytes(self) -> int: ...
    def type_(self, name: str) -> int: ...
    def boolean(self, value: bool) -> int: ...
    def string(self, language: int) -> int: ...
    def integer(self) -> int: ...
    def integer_written(self) -> int:
        """
        A number written without point and exponent: what draft 4 calls an integer.
        """

    def distinct(self) -> int:
        """The items of an array are pairwise different."""

    def members(self, keys: int, schema: int, count: int) -> int: ...
    def items(self, start: int, stop: int | None, schema: int, count: int) -> int: ...
    def declare(self, names: Sequence[str]) -> int: ...
    def properties(self, names: Sequence[str], schemas: Sequence[int]) -> int: ...
    def requires(self, names: Sequence[str]) -> int: ...
    def reference(self, resolver: Callable[[], int]) -> int: ...
    def resolve_references(self) -> None:
        """Ask every reference for its formula now, so that no callable is kept."""

    def forget_references(self) -> None:
        """
        Give up the references without a formula, after a schema turned out to be wrong half-way.
        """

    def all_of(self, children: Sequence[int]) -> int: ...
    def any_of(self, children: Sequence[int]) -> int: ...
    def exactly_one(self, children: Sequence[int]) -> int: ...
    def not_(self, formula: int) -> int: ...
    def string_language(self, formula: int) -> int:
        """The strings that satisfy the formula, as an expression of `regex`."""

    def __len__(self) -> int: ...
    def has_value(self, formula: int, any_order: bool, any_number: bool, steps: int) -> bool:
        """
        Whether a value satisfies the formula; a search of more steps is ComplexityLimitExceeded.
        """

    def print(self, formula: int) -> str: ...
    def at_least(self, text: str) -> int: ...
    def more_than(self, text: str) -> int: ...
    def multiple_of(self, text: str) -> int: ...
    def number_equals(self, text: str) -> int: ...

    FALSE: int = 0

    TRUE: int = 1

class Rules:
    """
    A context-free grammar under construction: rules and expressions over them, all of them ints.
    """

    def __init__(self, store: Store) -> None: ...
    def declare(self) -> int:
        """A new rule, to be defined later."""

    def define(self, rule: int, body: int) -> None: ...
    def terminal(self, language: int) -> int:
        """A text of a regular language, an expression of the store's `regex`."""

    def formula(
        self, formula: int, property_order: str, whitespace: str, numbers: str, escapes: str, words: str
    ) -> int | None:
        """
        A JSON text whose value satisfies a formula of the store; None when the formula has no value.
        """

    def reference(self, rule: int) -> int: ...
    def sequence(self, parts: Sequence[int]) -> int: ...
    def choice(self, parts: Sequence[int]) -> int: ...
    def repeat(self, body: int, min: int, max: int | None = None) -> int:
        """At least min times, at most max times (None: no bound)."""

    def undefined(self, start: int) -> list[int]:
        """
        Rules that are needed and not defined, in the order of their first mention.
        """

    def unproductive(self, start: int) -> list[int]:
        """
        Rules that are needed and derive no text, in the order of their first mention.
        """

    def build(self, start: int) -> int:
        """
        What Constraint.from_rules starts from. The rules are rewritten: build once. All rules that are needed must be defined, and the start must derive a text.
        """

class CompositionStore:
    """
    Where automata are composed; an expression is an int, 0 is no text at all.
    """

    def __init__(self, store: Store) -> None: ...
    def regular(self, language: int, tokens: int | None = None) -> int:
        """
        An expression of the store's regex; at most so many tokens may take part in it.
        """

    def formula(
        self, formula: int, property_order: str, whitespace: str, numbers: str, escapes: str, words: str
    ) -> int: ...
    def substring(self, text: str) -> int:
        """A span of the text that is not empty."""

    def rules(self, start: int) -> int:
        """`start` is what Rules.build returned."""

    def language(self, start: int) -> int | None:
        """
        The same as an expression of the store's regex; None where it is not known to be regular.
        """

    def token(self, id: int) -> int:
        """One token by its id."""

    def sequence(self, parts: Sequence[int]) -> int: ...
    def any(self, parts: Sequence[int]) -> int: ...
    def repeat(self, part: int, min: int, max: int | None) -> int: ...

class Constraint:
    @staticmethod
    def from_formula(
        store: Store,
        formula: int,
        property_order: str,
        whitespace: str,
        numbers: str,
        escapes: str,
        words: str,
        trie: TokenTrie,
        width: int,
        end_tokens: Sequence[int],
    ) -> Constraint | None:
        """None when the formula has no value."""

    @staticmethod
    def from_regex(
        store: Store, language: int, trie: TokenTrie, width: int, end_tokens: Sequence[int]
    ) -> Constraint | None:
        """None when the language is empty."""

    @staticmethod
    def from_composition(
        store: Store, expression: int, trie: TokenTrie, width: int, end_tokens: Sequence[int]
    ) -> Constraint:
        """Of a CompositionStore; None when it has no text."""

    @staticmethod
    def from_rules(
        store: Store, start: int, trie: TokenTrie, width: int, end_tokens: Sequence[int]
    ) -> Constraint:
        """`start` is what Rules.build returned."""

    def matcher(self) -> Matcher: ...
    @property
    def steps(self) -> int:
        """Steps of the search that found a first completion."""

    @property
    def engine_bytes(self) -> int: ...

def mask_cache_info() -> dict[str, int]: ...
def set_mask_cache_limit(bytes: int) -> None: ...
def clear_masks() -> None: ...

class Matcher:
    def advance(self, token: SupportsIndex) -> int:
        """0: accepted, 1: rejected, 2: already terminated."""

    def try_advance(self, tokens: Sequence[int]) -> int: ...
    def advance_within(self, token: SupportsIndex, tokens: int) -> int:
        """
        As advance; 3, and nothing done, where what is left does not complete within so many tokens.
        """

    def rollback(self, steps: int) -> bool: ...
    def fork(self) -> Matcher: ...
    def reset(self) -> None: ...
    @property
    def length(self) -> int: ...
    @property
    def mask_words(self) -> int: ...
    def fill_mask(self, out: NDArray[Any], row: int = 0) -> None: ...
    def mask_by_trying(self) -> builtins.bytes:
        """
        The words of the mask by its definition, every token read byte by byte: for tests, thousands of times slower.
        """

    @property
    def can_stop(self) -> bool: ...
    @property
    def is_terminated(self) -> bool: ...
    def forced_tokens(self) -> list[int]: ...
    def outlook(self) -> tuple[bool, bool, list[int]]:
        """
        Whether it has ended, whether it can stop, and where neither, the tokens that must come next.
        """

    def completion(self) -> list[int]:
        """Tokens of a short completion."""

    def completes_within(self, tokens: int) -> bool: ...
    def completion_bytes(self) -> builtins.bytes: ...

def take_tokens(matchers: list[Matcher], tokens: list[int], tokens_left: list[int]) -> list[int]:
    """
    advance_within for each, without the GIL. 0: taken, cannot stop, nothing is forced; 1: taken; 2: not taken.
    """

def fill_masks(matchers: list[Matcher], out: NDArray[Any], threads: int) -> None:
    """One row for each as it is now, without the GIL."""
