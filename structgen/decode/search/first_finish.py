"""First finish: draw several outputs side by side, and stop when the first few are done.

Where one prompt may be answered shortly or at length, the ones that finish first are the cheapest; for
reasoning models they are also the better ones on average (First Finish Search, Agarwal et al. 2025).
Outputs that end early are preferred by construction: this is not the local law.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from structgen.decode.result import Generation
from structgen.decode.search.state import check_count


def first_finish(model: Any, prompt: Any, *, n: int = 4, wanted: int = 1, **asked: Any) -> list[Generation]:
    """The first ``wanted`` of ``n`` outputs to finish, in that order; the others are given up.

    Several that finish in the same step come by their index.  ``asked``: what `structgen.generate` takes.
    Cost: passes over n rows until the ``wanted``-th output is done.
    """
    check_count("n", n)
    check_count("wanted", wanted)
    from structgen.decode.generate import generate  # which in turn offers this search

    events = generate(model, prompt, n=n, stream=True, **asked)
    found: list[Generation] = []
    try:
        for event in events:
            if event.generation is not None:
                found.append(replace(event.generation, law="first finish"))
            if len(found) == min(wanted, n):
                break
    finally:
        events.close()
    return found
