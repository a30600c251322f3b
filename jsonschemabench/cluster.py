"""The same run on a Ray cluster: an actor is a lane, a node has as many as it has room for.

Nothing else differs: engines live in processes of their own on whichever node, so limits, crashes and
verdicts are those of one machine. A lane whose node goes away is started elsewhere and its task given
again. Times compare only within one node; every record says which one it was.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from jsonschemabench.errors import BenchError
from jsonschemabench.pool import Lane
from jsonschemabench.records import Record, Writer
from jsonschemabench.runner import Interrupted, Plan, progress_bar
from jsonschemabench.settings import Settings
from jsonschemabench.tasks import Task

__all__ = ["run_on_cluster"]

TRIES = 3
CORES_A_LANE = 1


class RemoteLane:
    """What an actor is; the lane is made where the actor stands."""

    def __init__(self, engines: list[str], track: str, settings: Settings, path: list[str]) -> None:
        self._lane = Lane(engines, track, settings, path)
        self._node = socket.gethostname()

    def about(self) -> dict[str, Record]:
        """Versions and options of the engines."""
        return self._lane.about()

    def run(self, task: Task, done: set[tuple[str, str]]) -> list[Record]:
        """One task with every engine."""
        import ray

        node = ray.get_runtime_context().get_node_id()[:8]
        return [record | {"node": f"{self._node} {node}"} for record in self._lane.run(task, done)]


def run_on_cluster(plan: Plan, console: Console) -> None:
    """Run a plan on the cluster that RAY_ADDRESS names, the one that is connected, or a local one.

    Raises: BenchError where ray is not installed or no node has room; Interrupted as `runner.run`.
    """
    try:
        import ray
    except ImportError as error:
        raise BenchError("--ray needs the package ray: pip install 'structgen[ray]'") from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, logging_level="error", address=os.environ.get("RAY_ADDRESS"))
    try:
        _run(ray, plan, console)
    except KeyboardInterrupt:
        raise Interrupted(str(plan.path)) from None
    finally:
        if ours:
            ray.shutdown()


def _run(ray: Any, plan: Plan, console: Console) -> None:
    room = int(ray.cluster_resources().get("CPU", 0)) // CORES_A_LANE
    if room < 1:
        raise BenchError("the Ray cluster has no processor core to run on")
    count = min(room, len(plan.tasks))
    # SPREAD: one lane on every node before a second one on any.
    kind = ray.remote(
        num_cpus=CORES_A_LANE, max_restarts=-1, max_task_retries=TRIES, scheduling_strategy="SPREAD"
    )
    actor = kind(RemoteLane)
    # Ray puts folders of its own in front; modules are to be found as they are here.
    path = [entry or os.getcwd() for entry in sys.path]
    lanes = [actor.remote(list(plan.engines), plan.track, plan.settings, path) for _ in range(max(1, count))]
    about = ray.get(lanes[0].about.remote())
    with (
        Writer(plan.path, plan.describe(about), resume=plan.resume) as writer,
        progress_bar(plan, about, writer.done, console) as moved,
    ):
        waiting = iter(plan.tasks)
        running: dict[Any, Any] = {}
        for lane in lanes:
            _give(lane, waiting, writer.done, running)
        while running:
            ready, _ = ray.wait(list(running), num_returns=1)
            lane = running.pop(ready[0])
            for record in ray.get(ready[0]):
                writer.append(record)
                moved(record)
            _give(lane, waiting, writer.done, running)
    for lane in lanes:
        ray.kill(lane)


def _give(lane: Any, waiting: Iterator[Task], done: set[tuple[str, str]], running: dict[Any, Any]) -> None:
    """Hand the next task to a lane, if there is one."""
    task = next(waiting, None)
    if task is not None:
        mine = {key for key in done if key[1] == task.name}
        running[lane.run.remote(task, mine)] = lane
