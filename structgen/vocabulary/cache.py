"""A folder of computed results that may vanish, be damaged or be shared at any time.

Entries are named by the content they were computed from, carry a checksum and
are written whole or not at all.  Anything that does not fit is treated as
absent, and a folder that cannot be written to is no error.  No pickle.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import sys
from pathlib import Path

# Raise it whenever the meaning of an entry changes: older entries are then ignored.
VERSION = 1
_MAGIC = b"structgen-cache\n"
_HEADER = struct.Struct("<16sI32sQ32s")  # magic, version, key, payload length, checksum
_KEPT = 64  # entries of one kind; the least recently written go


def folder() -> Path | None:
    """Where entries are kept: STRUCTGEN_CACHE, else structgen under XDG_CACHE_HOME or the platform's
    cache folder.  None (no caching) when STRUCTGEN_CACHE is set but empty.
    """
    own = os.environ.get("STRUCTGEN_CACHE")
    if own is not None:
        return Path(own).expanduser() if own else None
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared:
        return Path(shared) / "structgen"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) / "structgen" / "Cache" if local else None
    try:
        home = Path.home()
    except RuntimeError:  # no home folder is known
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "structgen"


def key(*parts: bytes | str) -> bytes:
    """A 32-byte content address; where one part ends and the next starts counts."""
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(struct.pack("<Q", len(data)))
        digest.update(data)
    return digest.digest()


def load(kind: str, entry_key: bytes) -> bytes | None:
    """The payload stored under ``entry_key``, or None when there is none that can be trusted."""
    path = _path(kind, entry_key)
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < _HEADER.size:
        return None
    magic, version, stored_key, length, checksum = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if magic != _MAGIC or version != VERSION or stored_key != entry_key or length != len(payload):
        return None
    return payload if _checksum(payload) == checksum else None


def store(kind: str, entry_key: bytes, payload: bytes) -> None:
    """Keep ``payload``; silently does nothing where the folder cannot be written to."""
    path = _path(kind, entry_key)
    if path is None:
        return
    # Written beside its place and moved there, so that a reader never sees half of it.
    partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                file.write(_HEADER.pack(_MAGIC, VERSION, entry_key, len(payload), _checksum(payload)))
                file.write(payload)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _forget_old(path.parent, kind)
    except OSError:
        return


def _path(kind: str, entry_key: bytes) -> Path | None:
    root = folder()
    return None if root is None else root / "vocabulary" / f"{kind}-{entry_key.hex()}.bin"


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=32).digest()


def _forget_old(directory: Path, kind: str) -> None:
    entries = list(directory.glob(f"{kind}-*.bin"))
    if len(entries) <= _KEPT:
        return
    entries.sort(key=lambda path: path.stat().st_mtime)
    for path in entries[: len(entries) - _KEPT]:
        path.unlink(missing_ok=True)
