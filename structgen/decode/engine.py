"""`Engine`: one model that answers many callers at once, in one process, on one device.

Requests arrive from any thread, wait for a place, run in one batch and leave it when they are done (see
`loop`).  Grammars are compiled and prompts encoded on the caller's thread: what is wrong with a request is
raised there, before anything runs.  The engine's own thread runs the model and hands out events.

Serving at scale, over several processes and devices, is the business of vLLM, SGLang and Ray.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Literal, overload

from structgen.decode.call import Session
from structgen.decode.loop import Loop
from structgen.decode.pending import Pending, Stream
from structgen.decode.request import KINDS
from structgen.decode.row import Row
from structgen.decode.run import Output
from structgen.decode.settings import SETTINGS
from structgen.errors import InvalidRequest, StructgenError


class _Job:
    """One accepted request: its output, and who waits for it."""

    def __init__(self, output: Output, future: Pending, stream: Stream | None) -> None:
        self.output, self.future, self.stream = output, future, stream


class Engine:
    """A model, a tokenizer and a batch whose rows come and go.

    ``max_batch``: how many outputs run at once; more of them wait.  ``prefill_tokens``: how much of the
    waiting prompts is read between two steps of the running outputs.  Use it as a context manager, or
    call ``close``.  The model is in evaluation mode meanwhile, and must not be used by others.

    An output is the one that `structgen.generate` gives for the same prompt, settings and seed.

    >>> import structgen
    >>> with structgen.Engine(structgen.load(), max_batch=4) as engine:
    ...     pending = [engine.submit("Yes or no?", choice=["yes", "no"], seed=seed) for seed in range(6)]
    ...     answers = {one.result().text for one in pending}
    >>> answers <= {"yes", "no"}
    True
    """

    def __init__(
        self, model: Any, tokenizer: Any = None, *, max_batch: int = 16, prefill_tokens: int = 512
    ) -> None:
        for name, value in (("max_batch", max_batch), ("prefill_tokens", prefill_tokens)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidRequest(f"{name} must be an integer >= 1, got {value!r}")
        self._session = Session(model, tokenizer)
        self._loop = Loop(self._session.model, max_batch=max_batch, prefill_tokens=prefill_tokens)
        self._changed = threading.Condition()
        self._inbox: list[_Job] = []
        self._jobs: dict[Row, _Job] = {}
        self._closing = False
        self._steps = self._finished = 0
        self._was_training = self._session.model.training
        self._session.model.eval()
        self._thread = threading.Thread(target=self._serve, name="structgen-engine", daemon=True)
        self._thread.start()

    @property
    def vocabulary(self) -> Any:
        """The vocabulary that constraints for this engine are compiled for."""
        return self._session.vocabulary

    @property
    def stats(self) -> dict[str, int]:
        """Outputs that are ``open`` (waiting or running), those ``finished`` in any way, and ``steps``."""
        with self._changed:
            waiting = len(self._inbox) + len(self._jobs)
            return {"open": waiting, "finished": self._finished, "steps": self._steps}

    @overload
    def submit(self, prompt: Any, *, stream: Literal[False] = ..., **asked: Any) -> Pending: ...
    @overload
    def submit(self, prompt: Any, *, stream: Literal[True], **asked: Any) -> Stream: ...
    def submit(self, prompt: Any, *, stream: bool = False, **asked: Any) -> Pending | Stream:
        """Ask for one output; returns at once with its future, or with ``stream=True`` its events.

        ``asked``: what `structgen.generate` takes for a single prompt: schema, regex, choice, grammar, type
        or stop, and every setting of the draw, the budget, seed and time.  ``max_time`` counts from now.

        Raises what `structgen.generate` raises for a request that makes no sense, and StructgenError
        after ``close``.  Cost: compiling the constraint, on this thread.
        """
        kinds = {name: asked.pop(name, None) for name in KINDS}
        stop = asked.pop("stop", None)
        settings = {name: asked.pop(name) for name in list(asked) if name in SETTINGS}
        (output,) = self._session.outputs([prompt], kinds, stop, [settings], asked, None)
        future = Pending(self._wake)
        job = _Job(output, future, Stream(future) if stream else None)
        if stream:
            output.watch()
        else:
            output.wait()
        with self._changed:
            if self._closing:
                raise StructgenError("this engine is closed; make another one")
            self._inbox.append(job)
            self._changed.notify_all()
        return job.stream or future

    def close(self, *, cancel: bool = False) -> None:
        """Take nothing more, finish what was submitted (or give it up with ``cancel``), and stop."""
        with self._changed:
            self._closing = True
            open_jobs = [*self._inbox, *self._jobs.values()] if cancel else []
            self._changed.notify_all()
        for job in open_jobs:
            job.future.cancel()
        self._thread.join()
        self._session.model.train(self._was_training)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(cancel=kind is not None)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _serve(self) -> None:
        """The engine's thread: until closed, take requests in, step, hand out what is new."""
        failure: Exception = StructgenError("the engine's thread has ended")
        try:
            while self._take_in():
                try:
                    changed = self._loop.step()
                except Exception as error:  # the model itself failed: everyone in the batch is told
                    changed = self._loop.abandon(error)
                self._hand_out(changed)
        finally:
            with self._changed:
                self._closing = True
                left = [*self._inbox, *self._jobs.values()]
            for job in left:
                job.output.row.fail(failure)
                self._deliver(job)
            self._loop.close()

    def _take_in(self) -> bool:
        """Wait for something to do; False where there never will be."""
        with self._changed:
            while not (self._inbox or self._jobs or self._loop.busy or self._closing):
                self._changed.wait()
            fresh, self._inbox = self._inbox, []
            self._jobs.update((job.output.row, job) for job in fresh)
            self._steps += 1
            if not self._jobs and not self._loop.busy:
                return False
        for job in fresh:
            self._loop.add(job.output.row)
        for row, job in list(self._jobs.items()):
            if job.future.cancelled():
                row.fail(StructgenError("cancelled"))
                self._forget(row)
        return True

    def _hand_out(self, changed: list[Row]) -> None:
        for row in changed:
            job = self._jobs.get(row)
            if job is None:  # cancelled
                continue
            self._deliver(job)
            if not row.wants_model:
                self._forget(row)

    def _forget(self, row: Row) -> None:
        with self._changed:
            del self._jobs[row]
            self._finished += 1

    def _deliver(self, job: _Job) -> None:
        event = job.output.news()
        if event is None:
            return
        generation = event.generation
        if job.stream is not None and (generation is None or generation.error is None):
            job.stream.put(event)
        if generation is not None:
            job.future.settle(generation)
