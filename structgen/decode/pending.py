"""What a caller holds while an engine works: a future, or a stream of events.

Both may be used from any thread and from asyncio.  A stream is safe against readers that are slower
than the model: what has not been read yet is merged into one event, so nothing waits for the reader
and no more than the output itself is kept.

Knows nothing about models or rows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

from structgen.decode.result import Generation
from structgen.decode.streaming import StreamEvent


class Pending(Future[Generation]):
    """The Generation to come: a `concurrent.futures.Future` that can be awaited, and cancelled at any time.

    ``result()`` raises the output's own error, or CancelledError.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def cancel(self) -> bool:
        """Give the output up, running or not; False where it is done already."""
        cancelled = super().cancel()
        if cancelled:
            self._wake()
        return cancelled

    def settle(self, generation: Generation) -> None:
        """Hand over the result; nobody listens any more where it was cancelled."""
        try:
            if generation.error is not None:
                self.set_exception(generation.error)
            else:
                self.set_result(generation)
        except InvalidStateError:
            pass

    def __await__(self) -> Generator[Any, None, Generation]:
        return asyncio.wrap_future(self).__await__()


class Stream(Iterator[StreamEvent], AsyncIterator[StreamEvent]):
    """The events of one output, for ``for`` and ``async for``; ``future`` has the result as well.

    After the last event (the one with ``generation``) the iteration ends; where the output failed it
    raises the error instead, where it was cancelled CancelledError.  One reader at a time.
    """

    def __init__(self, future: Pending) -> None:
        self.future = future
        self._changed = threading.Condition()
        self._unread: StreamEvent | None = None
        self._ended = False
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        future.add_done_callback(lambda _: self._notify(end=True))

    def put(self, event: StreamEvent) -> None:
        """Add what is new; called by the engine, never waits."""
        with self._changed:
            self._unread = event if self._unread is None else self._unread.merged(event)
        self._notify()

    def _notify(self, *, end: bool = False) -> None:
        with self._changed:
            self._ended = self._ended or end
            waiter = self._waiter
            self._changed.notify_all()
        if waiter is not None:
            try:
                waiter[0].call_soon_threadsafe(waiter[1].set)
            except RuntimeError:  # the reader's event loop is closed: nobody reads any more
                pass

    def _take(self) -> StreamEvent | None:
        """The unread event, None where there is none yet; the end raises.  Needs the lock."""
        event, self._unread = self._unread, None
        if event is not None or not self._ended:
            return event
        if self.future.cancelled():
            raise CancelledError
        error = self.future.exception()
        if error is not None:
            raise error
        raise StopIteration

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> StreamEvent:
        with self._changed:
            while (event := self._take()) is None:
                self._changed.wait()
            return event

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> StreamEvent:
        ready = asyncio.Event()
        try:
            while True:
                with self._changed:
                    self._waiter = (asyncio.get_running_loop(), ready)
                    ready.clear()
                    try:
                        event = self._take()
                    except StopIteration:
                        raise StopAsyncIteration from None
                if event is not None:
                    return event
                await ready.wait()
        finally:
            self._waiter = None

    def cancel(self) -> bool:
        """Give the output up; False where it is done already."""
        return self.future.cancel()

    def result(self, timeout: float | None = None) -> Generation:
        """The finished output; waits for it whether or not events are read."""
        return self.future.result(timeout)
