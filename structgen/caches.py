"""What the process remembers between constraints: masks, and the engine they come from.

Constraints of one process share both.  Knows nothing about grammars.
"""

from __future__ import annotations

from structgen import _native
from structgen.constraint import engine_bytes, forget_engine


def cache_info() -> dict[str, int]:
    """Return figures of the masks kept by this process, for all constraints together.

    ``entries`` masks in ``bytes`` of at most ``limit``; ``hits`` and ``misses`` since
    the process began; ``engine_bytes``: what the engine shared by new constraints holds.

    >>> sorted(cache_info())
    ['bytes', 'engine_bytes', 'entries', 'hits', 'limit', 'misses']
    """
    return {**_native.mask_cache_info(), "engine_bytes": engine_bytes()}


def set_cache_limit(size: int) -> None:
    """Keep at most ``size`` bytes of masks, those not used for long going first; 48 MiB unless told.

    0 keeps none.  Masks do not depend on it, only their cost does.  Raises ValueError
    for a negative size.

    >>> before = cache_info()["limit"]
    >>> set_cache_limit(1 << 20)
    >>> cache_info()["limit"]
    1048576
    >>> set_cache_limit(before)
    """
    if size < 0:
        raise ValueError(f"the size of the cache is a number of bytes, 0 or more; got {size}")
    _native.set_mask_cache_limit(size)


def clear_cache() -> None:
    """Forget every mask, and let new constraints start a fresh engine.

    Constraints and matchers in use stay valid; their masks are computed again.
    """
    _native.clear_masks()
    forget_engine()
