"""Constraints kept in a folder under names of the caller's choice, for the next process.

What is kept is what :meth:`Constraint.serialize` writes: the finished grammar, without pickle.  So a hit
saves whatever making the grammar takes (fetching a schema and the documents it refers to, reading it off a
type), not the compilation itself, which is under a millisecond for most schemas.

Knows files; knows nothing about grammars but how to write and read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from structgen.constraint import Constraint, compile
from structgen.errors import GrammarError, VocabularyError
from structgen.vocabulary import Vocabulary

DEFAULT_LIMIT = 64 << 20
_SUFFIX = ".constraint"


class ConstraintCache:
    """A folder of serialized constraints, at most ``limit`` bytes of them; the least recently used go first.

    Nothing uses one unless you make it.  Any number of processes may share the folder: entries are written
    whole or not at all.  An entry that is damaged, cut short, of another version or another vocabulary counts
    as absent and is written anew; files of other kinds are left alone.  A folder that cannot be written to is
    no error: nothing is kept then.  Whoever can write to the folder decides what is enforced, so keep it to
    yourself.

    >>> import tempfile
    >>> import structgen as sg
    >>> vocabulary = sg.Vocabulary.from_tokens([b"yes", b"no", b"<end>"], eos=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = ConstraintCache(folder)
    ...     first = cache.get("answer/1", vocabulary, lambda: sg.choice(["yes", "no"]))
    ...     again = cache.get("answer/1", vocabulary, lambda: sg.choice(["never asked"]))
    >>> again.matcher().allowed_tokens()
    [0, 1]
    """

    def __init__(self, folder: str | os.PathLike[str], limit: int = DEFAULT_LIMIT) -> None:
        """Keep entries in ``folder``, which is made when it is first needed.

        Raises ValueError for a negative ``limit``; 0 keeps nothing.
        """
        if limit < 0:
            raise ValueError(f"the limit of the cache is a number of bytes, 0 or more; got {limit}")
        self.folder = Path(folder)
        self.limit = limit

    def get(self, name: str, vocabulary: Vocabulary, make: Callable[[], Any]) -> Constraint:
        """Return the constraint kept under ``name``, else compile what ``make`` returns and keep it.

        ``name`` has to change when what ``make`` returns does: put a version or a digest into it.  ``make``
        returns whatever :func:`structgen.compile` takes, and is only called where nothing is kept.  Raises
        what ``make`` and :func:`structgen.compile` raise.  Cost: that of compiling, plus a file.
        """
        path = self._path(name, vocabulary)
        with contextlib.suppress(OSError, GrammarError, VocabularyError):
            constraint = Constraint.deserialize(path.read_bytes(), vocabulary)
            os.utime(path)  # used just now
            return constraint
        constraint = compile(make(), vocabulary)
        with contextlib.suppress(OSError, GrammarError):  # a grammar of a class of one's own has no bytes
            self._write(path, constraint.serialize())
        return constraint

    def clear(self) -> None:
        """Remove every entry."""
        for path, _ in self._entries():
            _remove(path)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(status.st_size for _, status in self._entries())

    def _path(self, name: str, vocabulary: Vocabulary) -> Path:
        digest = hashlib.sha256(f"{vocabulary.fingerprint}\n{name}".encode("utf-8", "surrogatepass"))
        return self.folder / (digest.hexdigest() + _SUFFIX)

    def _write(self, path: Path, data: bytes) -> None:
        if len(data) > self.limit:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        # Written beside its place and moved there, so that a reader never sees half of it. What a process
        # that was killed leaves behind has the suffix too, and goes in its turn.
        partial = path.with_name(f"{path.stem}.{os.getpid()}.{secrets.token_hex(4)}.partial{_SUFFIX}")
        try:
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            _remove(partial)
            raise
        self._trim(keep=path)

    def _trim(self, keep: Path) -> None:
        entries = sorted(self._entries(), key=lambda entry: (entry[0] != keep, -entry[1].st_mtime_ns))
        kept = 0
        for path, status in entries:  # the newest first
            kept += status.st_size
            if kept > self.limit:
                _remove(path)

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        try:
            paths = list(self.folder.glob("*" + _SUFFIX))
        except OSError:
            return
        for path in paths:
            with contextlib.suppress(OSError):  # another process may have removed it
                yield path, path.stat()

    def __repr__(self) -> str:
        return f"ConstraintCache({str(self.folder)!r}, limit={self.limit})"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
