"""What is known of the future: a trie of prefixes with bounds on the probability to finish.

For a prefix u, Phi(u) is the probability that the model, left alone after u, ends with an output in
L.  A node holds an upper bound theta(u) >= Phi(u): 1 where nothing is known; where the model has
been asked, the sum over the allowed tokens of p(x | u) theta(ux), an allowed end counting as 1.  Each
node asked lowers the bounds up to the root.  log p of the allowed tokens is kept (float32, sums in
float64 and in logarithms: a bound of 1e-300 is alive, one of 0 is not), so that a second visit costs
no pass.

Memory is bounded: `trim` first forgets the log p of nodes that were not visited for longest (bounds
stay, and asking again gives the same), then the leaves that rule out the least probability (their bound
goes back to 1, which is weaker and still true).  Not the oldest ones: dead ends are never visited
again, and are what there is to know.

Follows the tries of Park et al. 2024 (ASAp) and Parys et al. 2025 (CARS).  Knows nothing about models.
"""

from __future__ import annotations

import heapq
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
        self.log_p_here = math.nan  # log p of the token that leads here, once known; not in `rest` then
        self.children: dict[int, Node] = {}
        self.ids: npt.NDArray[np.int32] | None = None  # the allowed tokens, ascending
        self.log_p: npt.NDArray[np.float32] | None = None  # of each of them
        self.log_z = 0.0  # log of their sum
        self.log_theta = 0.0
        self.rest = math.nan  # log of the mass of allowed tokens without a node, once asked
        self.visited = 0

    @property
    def known(self) -> bool:
        """Whether the model's answer is here."""
        return self.ids is not None

    @property
    def bytes(self) -> int:
        return NODE_BYTES + (0 if self.ids is None else 8 * len(self.ids))

    def sum_of_bounds(self) -> float:
        """log of the sum over the allowed tokens of p theta; 0 where the model was never asked."""
        if math.isnan(self.rest):
            return 0.0
        if not self.children:
            return self.rest
        terms = [self.rest]
        terms += [c.log_p_here + c.log_theta for c in self.children.values() if not math.isnan(c.log_p_here)]
        peak = max(terms)  # few terms: plain numbers are faster than arrays
        return peak if math.isinf(peak) else peak + math.log(sum(math.exp(term - peak) for term in terms))

    def log_ruled_out(self) -> float:
        """log of the probability that the bound takes away here: how much is lost without it."""
        log_path, node = 0.0, self
        while node.parent is not None:
            log_path += node.log_p_here
            node = node.parent
        ruled_out = -math.expm1(self.log_theta)
        return log_path + math.log(ruled_out) if ruled_out > 0 and not math.isnan(log_path) else -math.inf

    def place(self, token: int) -> int:
        """Where an allowed token stands in ``ids``."""
        assert self.ids is not None
        return int(self.ids.searchsorted(token))

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
            self._sum_rest(node)
        return found

    def learn(self, node: Node, ids: Ids, log_p: Floats) -> None:
        """Store log p (V,) of the allowed tokens ``ids`` and lower the bounds up to the root."""
        if node.known:
            return
        node.ids = ids.astype(np.int32)
        node.log_p = log_p[ids].astype(np.float32)
        self.bytes += 8 * len(ids)
        node.log_z = log_sum_exp(node.log_p.astype(np.float64))
        self._sum_rest(node)
        self._update(node)
        above = node.parent
        while above is not None:
            self._update(above)
            above = above.parent

    def _sum_rest(self, node: Node) -> None:
        """Sum anew what has no node: subtracting would lose digits where a child takes nearly all."""
        if node.log_p is None:
            return
        if not node.children:
            node.rest = node.log_z
            return
        weights = node.log_p.astype(np.float64)
        for token, child in node.children.items():
            place = node.place(token)
            child.log_p_here = float(weights[place])
            weights[place] = -math.inf
        node.rest = log_sum_exp(weights)

    def _update(self, node: Node) -> None:
        # A sum of float32 probabilities may pass 1 by rounding; a bound may not, nor may it grow.
        node.log_theta = min(node.log_theta, node.sum_of_bounds())

    def nodes(self) -> Iterator[Node]:
        """Every node, parents first."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())

    def trim(self) -> None:
        """Come back under the limit, a little below it; only between attempts, because bounds may rise.

        What spares passes goes first where it was not used for longest, then the leaves whose bound rules
        out least.
        """
        if self.bytes <= self.limit:
            return
        goal = self.limit - self.limit // 8
        for node in sorted(self.nodes(), key=lambda node: node.visited):
            if self.bytes <= goal:
                return
            if node.ids is not None:
                self.bytes -= 8 * len(node.ids)
                node.ids = node.log_p = None
        leaves = [(node.log_ruled_out(), place, node) for place, node in enumerate(self.nodes())]
        leaves = [leaf for leaf in leaves if not leaf[2].children]
        heapq.heapify(leaves)
        while self.bytes > goal and leaves:
            _, place, node = heapq.heappop(leaves)
            above = node.parent
            if above is None:
                return
            del above.children[node.token]
            self.bytes -= NODE_BYTES
            if not math.isnan(node.log_p_here):
                above.rest = float(np.logaddexp(above.rest, node.log_p_here))  # a bound of 1 again
                self._loosen(above)
            if not above.children:
                heapq.heappush(leaves, (above.log_ruled_out(), place, above))

    def _loosen(self, node: Node | None) -> None:
        """Bounds that rested on a dropped leaf rise to what the others still prove."""
        while node is not None:
            bound = min(0.0, node.sum_of_bounds())
            if bound <= node.log_theta:
                return
            node.log_theta = bound
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
        "log_p_here": np.array([node.log_p_here for node in nodes]),
        "rest": np.array([node.rest for node in nodes]),
        "count": np.array([-1 if node.ids is None else len(node.ids) for node in nodes], dtype=np.int64),
        "ids": np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in known)]),
        "log_p": np.concatenate([np.empty(0, np.float32), *(log_p for _, log_p in known)]),
    }


def from_arrays(arrays: dict[str, npt.NDArray[Any]], limit: int) -> Trie:
    """The trie that `to_arrays` described.  Raises ValueError or KeyError for arrays that describe none."""
    trie = Trie(limit)
    nodes: list[Node] = []
    at = 0
    names = ("parent", "token", "log_theta", "log_p_here", "rest", "count")
    for place, (parent, token, log_theta, log_p_here, rest, count) in enumerate(
        zip(*(arrays[name].tolist() for name in names), strict=True)
    ):
        if (place == 0) != (parent == -1) or parent >= place or not log_theta <= 0:
            raise ValueError(f"node {place} does not fit")
        node = trie.root if place == 0 else Node(nodes[parent], token)
        if place:
            nodes[parent].children[token] = node
            trie.bytes += NODE_BYTES
        node.log_theta, node.log_p_here, node.rest = log_theta, log_p_here, rest
        if count >= 0:
            node.ids = arrays["ids"][at : at + count].astype(np.int32)
            node.log_p = arrays["log_p"][at : at + count].astype(np.float32)
            if len(node.ids) != count or len(node.log_p) != count:
                raise ValueError(f"node {place} is cut off")
            at += count
            trie.bytes += 8 * count
            node.log_z = log_sum_exp(node.log_p.astype(np.float64))
        nodes.append(node)
    trie.trim()
    return trie
