"""What is known of the future: a trie of prefixes with bounds on the probability to finish.

For a prefix u, Phi(u) is the probability that the model, left alone after u, ends with an output in
L.  A node holds an upper bound theta(u) >= Phi(u): 1 where nothing is known; where the model has
been asked, the sum over the allowed tokens of p(x | u) theta(ux), an allowed end counting as 1.  Each
node asked lowers the bounds up to the root.  log p of the allowed tokens is kept (float32, sums in
float64 and in logarithms: a bound of 1e-300 is alive, one of 0 is not), so that a second visit costs
no pass.

Memory is bounded: `trim` first forgets the log p of nodes that were not visited for longest (their
bound stays, and asking again gives the same), then whole leaves (their bound goes back to 1, which is
weaker and still true).

Follows the tries of Park et al. 2024 (ASAp) and Parys et al. 2025 (CARS).  Knows nothing about models.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from structgen.decode.aligned.target import Floats, Ids, log_sum_exp

NODE_BYTES = 400
"""What a node takes besides its arrays: the object, its dictionary of children, its place in one."""


class Node:
    """A prefix: its bound, and where the model was asked, log p of the tokens that may follow."""

    __slots__ = (
        "children", "depth", "ids", "log_p", "log_p_here", "log_theta", "log_z", "parent", "rest", "token",
        "visited",
    )  # fmt: skip

    def __init__(self, parent: Node | None = None, token: int = -1) -> None:
        self.parent, self.token = parent, token
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.log_p_here = math.nan  # log p of the token that leads here, once the parent is known
        self.children: dict[int, Node] = {}
        self.ids: npt.NDArray[np.int32] | None = None  # the allowed tokens, ascending
        self.log_p: npt.NDArray[np.float32] | None = None  # of each of them
        self.log_z = 0.0  # log of their sum
        self.log_theta = 0.0
        self.rest = 0.0  # log of the mass of allowed tokens that have no node of their own
        self.visited = 0

    @property
    def known(self) -> bool:
        """Whether the model's answer is here."""
        return self.ids is not None

    @property
    def bytes(self) -> int:
        return NODE_BYTES + (0 if self.ids is None else 8 * len(self.ids))

    def place(self, token: int) -> int:
        """Where an allowed token stands in ``ids``."""
        assert self.ids is not None
        return int(np.searchsorted(self.ids, token))

    def logprob(self, token: int) -> float:
        """log p of an allowed token."""
        assert self.log_p is not None
        return float(self.log_p[self.place(token)])

    def log_weights(self) -> Floats:
        """log of p theta for each allowed token, in the order of ``ids``."""
        assert self.log_p is not None
        weights = self.log_p.astype(np.float64)
        for token, child in self.children.items():
            weights[self.place(token)] += child.log_theta
        return weights

    def local(self) -> Floats:
        """log of p m / Z for each allowed token: the law of plain masking."""
        assert self.log_p is not None
        return self.log_p.astype(np.float64) - self.log_z

    def path(self) -> list[int]:
        """The tokens from the root to here."""
        tokens: list[int] = []
        node = self
        while node.parent is not None:
            tokens.append(node.token)
            node = node.parent
        return tokens[::-1]


class Trie:
    """The nodes of one prompt, constraint and law; ``limit`` bounds its bytes."""

    def __init__(self, limit: int = 256 << 20) -> None:
        self.root = Node()
        self.limit = limit
        self.bytes = NODE_BYTES
        self._clock = 0

    def visit(self, node: Node) -> None:
        """Note that a node is of use."""
        self._clock += 1
        node.visited = self._clock

    def child(self, node: Node, token: int) -> Node:
        """The node behind an allowed token that is no end."""
        found = node.children.get(token)
        if found is None:
            found = node.children[token] = Node(node, token)
            self.bytes += NODE_BYTES
            self.sum_rest(node)
        return found

    def learn(self, node: Node, ids: Ids, log_p: Floats) -> None:
        """Store log p (V,) of the allowed tokens ``ids`` and lower the bounds up to the root."""
        if node.known:
            return
        node.ids = ids.astype(np.int32)
        node.log_p = log_p[ids].astype(np.float32)
        self.bytes += 8 * len(ids)
        node.log_z = log_sum_exp(node.log_p.astype(np.float64))
        self.sum_rest(node)
        self._update(node)
        above = node.parent
        while above is not None:
            self._update(above)
            above = above.parent

    def sum_rest(self, node: Node) -> None:
        """Sum anew what has no node: subtracting would lose digits where a child takes nearly all."""
        if node.log_p is None:
            return
        weights = node.log_p.astype(np.float64)
        for token, child in node.children.items():
            place = node.place(token)
            child.log_p_here = float(weights[place])
            weights[place] = -math.inf
        node.rest = log_sum_exp(weights)

    def _update(self, node: Node) -> None:
        if node.log_p is None:
            return  # forgotten: its bound stays what it was
        terms = [node.rest, *(child.log_p_here + child.log_theta for child in node.children.values())]
        # A sum of float32 probabilities may pass 1 by rounding; a bound may not, nor may it grow.
        node.log_theta = min(node.log_theta, log_sum_exp(np.array(terms)))

    def nodes(self) -> Iterator[Node]:
        """Every node, parents first."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())

    def trim(self) -> None:
        """Come back under the limit; only between attempts, because bounds may rise."""
        if self.bytes <= self.limit:
            return
        by_age = sorted(self.nodes(), key=lambda node: node.visited)
        for node in by_age:
            if self.bytes <= self.limit:
                return
            self._forget(node)
        for node in by_age:
            while self.bytes > self.limit and not node.children and node.parent is not None:
                above = node.parent
                if above.children.pop(node.token, None) is None:
                    break  # dropped before, as the parent of a leaf
                self.bytes -= NODE_BYTES
                self._loosen(above)
                node = above

    def _forget(self, node: Node) -> None:
        if node.ids is not None:
            self.bytes -= 8 * len(node.ids)
            node.ids = node.log_p = None

    def _loosen(self, node: Node | None) -> None:
        """Bounds that rested on a dropped leaf are 1 again, or sums asked anew would exceed them."""
        while node is not None and node.log_theta < 0:
            node.log_theta = 0.0
            node = node.parent


def to_arrays(trie: Trie) -> dict[str, npt.NDArray[Any]]:
    """A trie as plain arrays: nodes parents first, allowed tokens end to end."""
    nodes = list(trie.nodes())
    number = {id(node): place for place, node in enumerate(nodes)}
    known = [(node.ids, node.log_p) for node in nodes if node.ids is not None and node.log_p is not None]
    return {
        "parent": np.array([-1 if n.parent is None else number[id(n.parent)] for n in nodes], dtype=np.int64),
        "token": np.array([node.token for node in nodes], dtype=np.int32),
        "log_theta": np.array([node.log_theta for node in nodes]),
        "count": np.array([-1 if node.ids is None else len(node.ids) for node in nodes], dtype=np.int64),
        "ids": np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in known)]),
        "log_p": np.concatenate([np.empty(0, np.float32), *(log_p for _, log_p in known)]),
    }


def from_arrays(arrays: dict[str, npt.NDArray[Any]], limit: int) -> Trie:
    """The trie that `to_arrays` described.  Raises ValueError or KeyError for arrays that describe none."""
    trie = Trie(limit)
    nodes: list[Node] = []
    at = 0
    for place, (parent, token, log_theta, count) in enumerate(
        zip(*(arrays[name].tolist() for name in ("parent", "token", "log_theta", "count")), strict=True)
    ):
        if (place == 0) != (parent == -1) or parent >= place or not log_theta <= 0:
            raise ValueError(f"node {place} does not fit")
        node = trie.root if place == 0 else Node(nodes[parent], token)
        if place:
            nodes[parent].children[token] = node
            trie.bytes += NODE_BYTES
        node.log_theta = log_theta
        if count >= 0:
            node.ids = arrays["ids"][at : at + count].astype(np.int32)
            node.log_p = arrays["log_p"][at : at + count].astype(np.float32)
            if len(node.ids) != count or len(node.log_p) != count:
                raise ValueError(f"node {place} is cut off")
            at += count
            trie.bytes += 8 * count
            node.log_z = log_sum_exp(node.log_p.astype(np.float64))
        nodes.append(node)
    for node in nodes:
        trie.sum_rest(node)
    trie.trim()
    return trie
