"""What aligned samplers learned, kept across calls and on disk.

An `AlignedState` holds one trie for each (model, prompt, constraint, law, max_tokens) it met, under a
common bound in bytes.  Bounds in a trie are facts about the model, so any sampler may use what another
learned, and a file may be loaded by a later process; what belongs to another model or prompt is never
used, because its key differs.

Saved as one NumPy archive of plain arrays, free of pickle.  Knows nothing about algorithms.
"""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from structgen.decode.aligned.target import Target
from structgen.decode.aligned.trie import Trie, from_arrays, to_arrays
from structgen.errors import GrammarError, InvalidRequest

VERSION = 2
_OWN: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


class AlignedState:
    """Tries by what they are about; ``limit`` bounds their bytes together.

    >>> state = AlignedState(limit=64 << 20)
    >>> len(state), state.bytes
    (0, 0)
    """

    def __init__(self, limit: int = 256 << 20) -> None:
        if limit < 1 << 16:
            raise InvalidRequest(f"limit must be at least 65536 bytes, got {limit!r}")
        self.limit = limit
        self._tries: dict[str, Trie] = {}  # least recently used first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tries)

    @property
    def bytes(self) -> int:
        """What the tries take together."""
        return sum(trie.bytes for trie in self._tries.values())

    def trie(self, target: Target) -> Trie:
        """The trie of a target; the oldest of the others make room."""
        key = key_of(target)
        with self._lock:
            found = self._tries.pop(key, None) or Trie(self.limit)
            self._tries[key] = found
        self.trim()
        return found

    def trim(self) -> None:
        """Come back under the limit: tries used longest ago go whole, the last one sheds what it can."""
        with self._lock:
            while self.bytes > self.limit and len(self._tries) > 1:
                self._tries.pop(next(iter(self._tries)))
            for trie in self._tries.values():
                trie.trim()

    def save(self, path: str | Path) -> None:
        """Write everything to one ``.npz`` file, whole or not at all."""
        arrays: dict[str, Any] = {
            "version": np.array(VERSION),
            "keys": np.array(list(self._tries), dtype=str),
        }
        for number, trie in enumerate(self._tries.values()):
            arrays |= {f"{number}/{name}": array for name, array in to_arrays(trie).items()}
        path = Path(path)
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as file:
            np.savez_compressed(file, **arrays)
        fresh.replace(path)

    @classmethod
    def load(cls, path: str | Path, limit: int = 256 << 20) -> AlignedState:
        """Read what :meth:`save` wrote.  Raises InvalidRequest for any other file."""
        state = cls(limit)
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as saved:
                if int(saved["version"]) != VERSION:
                    raise ValueError(f"version {int(saved['version'])}")
                for number, key in enumerate(saved["keys"].tolist()):
                    arrays = {n.split("/", 1)[1]: saved[n] for n in saved.files if n.startswith(f"{number}/")}
                    state._tries[key] = from_arrays(arrays, limit)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise InvalidRequest(
                f"{path} is no file of an AlignedState ({error}); delete it and sample anew"
            ) from error
        return state


def key_of(target: Target) -> str:
    """A digest of everything the bounds depend on."""
    digest = hashlib.sha256()
    config: Any = getattr(target.model, "config", None)
    described = config.to_json_string() if hasattr(config, "to_json_string") else repr(config)
    digest.update(json.dumps([VERSION, described, target.prompt, target.max_tokens]).encode())
    digest.update(repr(target.law).encode())
    for parameter in target.model.parameters():
        # A few numbers of each matrix tell two trainings of one architecture apart.
        some = parameter.detach().flatten()[:: max(1, parameter.numel() // 16)][:16]
        digest.update(some.float().cpu().numpy().tobytes())
    constraint: Any = target.constraint
    try:
        digest.update(constraint.serialize())
    except (AttributeError, GrammarError):  # one of the caller's own is only ever the same as itself
        digest.update(_OWN.setdefault(constraint, uuid.uuid4().hex).encode())
    return digest.hexdigest()
