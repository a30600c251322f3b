"""Every exception structgen raises, in one tree.

Each message says where (JSON pointer, position, token), what was expected in
words a user knows, and what to change.  A failed call leaves every object
usable.  This module knows nothing about schemas, tokens or models.
"""

from __future__ import annotations


class StructgenError(Exception):
    """The root of everything structgen raises on purpose."""


class GrammarError(StructgenError):
    """What was asked for cannot be turned into a constraint."""


class InvalidSchema(GrammarError):
    """The schema is not a JSON Schema; ``pointer`` says where.

    >>> raise InvalidSchema("minLength must be a non-negative integer, got 'x'", pointer="/minLength")
    Traceback (most recent call last):
    structgen.errors.InvalidSchema: at /minLength: minLength must be a non-negative integer, got 'x'
    """

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(f"at {pointer or '/'}: {message}")
        self.pointer = pointer
        self.reason = message


class UnsupportedKeyword(InvalidSchema):
    """A keyword that is not enforced yet; ``keyword`` and ``pointer`` name it."""

    def __init__(self, keyword: str, *, pointer: str = "", hint: str = "") -> None:
        message = f"the keyword {keyword!r} is not supported yet"
        super().__init__(f"{message}; {hint}" if hint else message, pointer=pointer)
        self.keyword = keyword


class UnsatisfiableSchema(InvalidSchema):
    """No value at all satisfies the schema; ``conflict`` are pointers to keywords that exclude each other.

    Of these keywords none can be left out: without it there would be a value.  Empty where they
    are not known.
    """

    def __init__(self, message: str, *, pointer: str = "", conflict: tuple[str, ...] = ()) -> None:
        super().__init__(message, pointer=pointer)
        self.conflict = conflict


class RegexSyntaxError(GrammarError):
    """The regular expression cannot be read; ``position`` counts characters from 0."""

    def __init__(self, message: str, *, pattern: str = "", position: int = 0) -> None:
        start = max(0, position - 20)
        excerpt = pattern[start : position + 20]
        super().__init__(f"at character {position}: {message} (in {excerpt!r})")
        self.pattern = pattern
        self.position = position
        self.reason = message


class GrammarSyntaxError(GrammarError):
    """A textual grammar cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class InvalidGrammar(GrammarSyntaxError):
    """A textual grammar reads well and means nothing: ``rule`` is undefined or derives no text at all."""

    def __init__(self, message: str, *, rule: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message, line=line, column=column)
        self.rule = rule


class ComplexityLimitExceeded(GrammarError):
    """A deterministic work budget ran out; ``limit`` names it."""

    def __init__(self, message: str, *, limit: str = "", pointer: str = "") -> None:
        super().__init__(f"at {pointer}: {message}" if pointer else message)
        self.limit = limit
        self.pointer = pointer
        self.reason = message


class VocabularyError(StructgenError):
    """The tokenizer's tokens cannot be turned into bytes, or contradict each other."""


class MatcherError(StructgenError):
    """A matcher was asked for something its state does not allow."""


class TokenRejected(MatcherError):
    """The token would make the output impossible to complete; the matcher is unchanged."""

    def __init__(self, message: str, *, token: int = -1) -> None:
        super().__init__(message)
        self.token = token


class MatcherTerminated(MatcherError):
    """The output already ended with an end token."""


class BudgetTooSmall(StructgenError):
    """``max_tokens`` is below ``needed``, the tokens of the shortest known valid output."""

    def __init__(self, needed: int, given: int) -> None:
        super().__init__(
            f"max_tokens={given} is too small: the shortest known valid output takes "
            f"{needed} tokens; give max_tokens={needed} or more"
        )
        self.needed = needed
        self.given = given


class ContextTooSmall(BudgetTooSmall):
    """Prompt and shortest known valid output together exceed the model's context of ``context`` tokens."""

    def __init__(self, needed: int, given: int, *, prompt_tokens: int, context: int) -> None:
        StructgenError.__init__(
            self,
            f"the prompt takes {prompt_tokens} of the model's {context} tokens and leaves {given}, "
            f"but the shortest known valid output takes {needed}; shorten the prompt",
        )
        self.needed = needed
        self.given = given


class SamplingFailed(StructgenError):
    """An aligned sampler used up its attempts, which took ``passes`` rows through the model.

    ``log_mass``: log of the best estimate of P(L), or None; -inf where it is known to be 0.
    """

    def __init__(
        self, wanted: int, found: int, attempts: int, log_mass: float | None, passes: int = 0
    ) -> None:
        about = (
            ""
            if log_mass is None
            else f"; the model gives the grammar a probability of about {_power(log_mass)}"
        )
        super().__init__(
            f"{found} of {wanted} outputs after {attempts} attempts{about}; give more max_attempts, a prompt "
            'that asks for this form, or take sampler="masked" (not aligned) or "smc" (approximate)'
        )
        self.wanted, self.found, self.attempts = wanted, found, attempts
        self.log_mass, self.passes = log_mass, passes


def _power(log_value: float) -> str:
    return "0" if log_value == float("-inf") else f"10^{log_value / 2.302585092994046:.1f}"


class InvalidRequest(StructgenError, ValueError):
    """An argument of a call is missing, contradicts another or is out of its range."""


class IntegrationError(StructgenError):
    """An optional library is missing or of a version that does not fit."""
