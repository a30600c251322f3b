"""The same run on a Ray cluster: an actor is a lane, a node has as many as it has room for.

Nothing else differs: engines live in processes of their own on whichever node, so limits, crashes and
verdicts are those of one machine. A lane whose node goes away is started elsewhere and its task given
again. Times compare only within one node; every record says which one it was.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from typing import Any

from rich.console import Console

from jsonschemabench.errors import BenchError
from jsonschemabench.pool import Lane
from jsonschemabench.records import Record, Writer
from jsonschemabench.runner import Interrupted, Plan, progress_bar
from jsonschemabench.settings import Settings
from jsonschemabench.tasks import Task

__all__ = ["run_on_cluster"]

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
    # SPREAD: one lane on every node before a second one on any.
    actor = ray.remote(num_cpus=CORES_A_LANE, scheduling_strategy="SPREAD")(RemoteLane)
    # Ray puts folders of its own in front; modules are to be found as they are here.
    path = [entry or os.getcwd() for entry in sys.path]
    count = max(1, min(room, len(plan.tasks)))
    lanes = [actor.remote(list(plan.engines), plan.track, plan.settings, path) for _ in range(count)]
    about = ray.get(lanes[0].about.remote())
    with (
        Writer(plan.path, plan.describe(about), resume=plan.resume) as writer,
        progress_bar(plan, about, writer.done, console) as moved,
    ):
        waiting = deque(plan.tasks)
        running: dict[Any, tuple[Any, Task]] = {}
        while waiting or running:
            busy = [lane for lane, _ in running.values()]
            for lane in [lane for lane in lanes if lane not in busy][: len(waiting)]:
                task = waiting.popleft()
                mine = {key for key in writer.done if key[1] == task.name}
                running[lane.run.remote(task, mine)] = lane, task
            if not running:
                raise BenchError("every node of the Ray cluster went away; --resume goes on from here")
            ready, _ = ray.wait(list(running), num_returns=1)
            lane, task = running.pop(ready[0])
            try:
                records = ray.get(ready[0])
            except ray.exceptions.RayActorError:
                # Crashes of engines end in the lane; what ends a lane is its node. The others take over.
                lanes.remove(lane)
                waiting.appendleft(task)
                continue
            for record in records:
                writer.append(record)
                moved(record)
    for lane in lanes:
        ray.kill(lane)
