"""On a cluster the same is found as on one machine, also when a node goes away."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmark.conftest import SETTINGS, TASKS, Run
from rich.console import Console

from jsonschemabench import cluster, runner
from jsonschemabench.errors import BenchError

ray = pytest.importorskip("ray", reason="running on a cluster needs the extra structgen[ray]")
pytestmark = [
    pytest.mark.slow,
    # Ray's own sockets and files, closed by its own processes.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[Any]:
    """A cluster of two nodes on this machine, one core each."""
    from ray.cluster_utils import Cluster

    try:
        small: dict[str, Any] = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 << 20}
        nodes = Cluster(initialize_head=True, head_node_args=small)
        nodes.add_node(**small)
        ray.init(address=nodes.address, log_to_driver=False, logging_level="error")
    except (Exception, SystemExit) as error:  # Ray gives its own processes half a minute
        pytest.skip(f"Ray could not start two nodes here: {error!r}")
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def test_a_cluster_finds_what_one_machine_finds(two_nodes: Any, run_track: Run, tmp_path: Path) -> None:
    engines = ["structgen", "benchmark.faulty:Raises"]
    here = run_track(tmp_path / "here.jsonl", engines, track="coverage")
    plan = runner.Plan(
        "coverage", TASKS, engines, SETTINGS, tmp_path / "there.jsonl", data="test", cluster=True
    )
    there = runner.run(plan, Console(file=io.StringIO()))

    def found(records: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
        unlike = ("node", "megabytes")
        return {
            (record["engine"], record["task"]): {k: v for k, v in record.items() if k not in unlike}
            for record in records
        }

    assert found(there.records) == found(here.records)
    assert len({record["node"] for record in there.records}) == 2
    assert there.head["engines"] == here.head["engines"]


def test_the_rest_of_the_cluster_takes_over(two_nodes: Any, tmp_path: Path) -> None:
    many = [replace(TASKS[0], name=f"people/{number}") for number in range(12)]
    path = tmp_path / "masks.jsonl"
    plan = runner.Plan("masks", many, ["benchmark.faulty:Slow"], SETTINGS, path, data="test", cluster=True)

    def lose_a_node() -> None:
        while not path.exists() or len(path.read_text().splitlines()) < 3:
            time.sleep(0.05)
        two_nodes.remove_node(next(iter(two_nodes.worker_nodes)))

    loss = threading.Thread(target=lose_a_node)
    loss.start()
    results = runner.run(plan, Console(file=io.StringIO()))
    loss.join()
    assert sorted(record["task"] for record in results.records) == sorted(task.name for task in many)
    assert {record["verdict"] for record in results.records} == {"passing"}


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    plan = runner.Plan("masks", TASKS, ["none"], SETTINGS, tmp_path / "x.jsonl", cluster=True)
    with pytest.raises(BenchError, match=r"structgen\[ray\]"):
        cluster.run_on_cluster(plan, Console(file=io.StringIO()))
