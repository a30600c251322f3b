"""The inside of a worker process: one engine, one track, schema after schema as a server would.

Limits are the system's: address space for the process, processor time anew for every schema.  Whatever an
engine throws is an answer; whatever ends the process is seen by its parent (`pool`).
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from multiprocessing.connection import Connection
from typing import Any

from jsonschemabench import engines, verdicts
from jsonschemabench.engines.engine import Missing
from jsonschemabench.errors import BenchError
from jsonschemabench.settings import Settings
from jsonschemabench.tracks import find_track

__all__ = ["serve"]

GIGABYTE = 1 << 30


def serve(engine_name: str, track_name: str, settings: Settings, pipe: Connection[Any, Any]) -> None:
    """Answer the tasks that come through ``pipe`` until it is closed."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        kind = engines.find(engine_name)
        track = find_track(track_name)(settings)
        before = resident()
        engine = kind(track.tokens, track.purpose)
    except (Missing, ImportError) as error:
        pipe.send({"missing": str(error)})
        return
    except BenchError as error:
        pipe.send({"failed": str(error)})
        return
    except Exception as error:
        pipe.send({"failed": f"{type(error).__name__}: {error}"})
        return
    limit = int(settings.memory_limit * GIGABYTE)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # Pauses for garbage would fall on whoever happens to run: what is there now is never looked at again,
    # and the rest is collected between schemas.
    gc.collect()
    gc.freeze()
    gc.disable()
    pipe.send({"version": kind.version(), "options": engine.options})
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        allow_seconds(settings.time_limit)
        try:
            result = track.measure(engine, task)
        except MemoryError:
            result = {"verdict": verdicts.MEMORY, "reason": "MemoryError"}
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a Rust library is no Exception
            result = {"verdict": verdicts.CRASH, "reason": in_words(error)}
        result["megabytes"] = round(resident() - before, 1)
        gc.collect()
        pipe.send(result)


def in_words(error: BaseException) -> str:
    """An exception as one line.

    >>> in_words(ValueError("no\\n such  thing"))
    'ValueError: no such thing'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def allow_seconds(seconds: float) -> None:
    """Let the process use this much more processor time; past it the system ends it with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def resident() -> float:
    """Memory of this process in MB, where the system tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 2**20


def main(descriptor: str, engine: str, track: str, settings: str) -> None:
    """What `pool` starts: the pipe's descriptor, the names of an engine and a track, settings as JSON."""
    serve(engine, track, Settings.from_dict(json.loads(settings)), Connection(int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
