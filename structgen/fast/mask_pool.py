"""Packed masks on the device, addressed by index: a step sends four bytes a row instead of a mask.

Masks are told apart by their content: equal ones, of whichever state or constraint, are uploaded once and
stay until their place is needed; the ones not used for longest go first.  What is new in a
step goes up in one copy.  Cost: a hash of each mask (V/8 bytes) on the host.

Knows nothing about matchers or models.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


class MaskPool:
    """``capacity`` masks of ``words`` 32-bit words each on ``device``; ``rows`` (capacity, words) int32.

    >>> pool = MaskPool(words=1, capacity=2, device="cpu")
    >>> pool.index(np.array([[5], [9], [5]], dtype=np.int32)).tolist(), pool.uploads
    ([0, 1, 0], 2)
    >>> pool.index(np.array([[9], [7]], dtype=np.int32)).tolist(), pool.uploads
    ([1, 0], 3)
    >>> pool.rows.tolist()
    [[7], [9]]
    """

    def __init__(self, words: int, capacity: int, device: torch.device | str) -> None:
        self.rows = torch.zeros((capacity, words), dtype=torch.int32, device=device)
        self.uploads = 0
        self.hits = 0
        self._places: OrderedDict[bytes, int] = OrderedDict()  # the one not used for longest comes first

    @property
    def capacity(self) -> int:
        return len(self.rows)

    def index(self, masks: npt.NDArray[np.int32]) -> Tensor:
        """Where each of ``masks`` (B, words) is in ``rows``: int32 (B,) on the device, until the next call.

        Raises ValueError for more different masks than there are places.
        """
        keys = [mask.tobytes() for mask in masks]
        known: dict[bytes, int] = {}
        fresh: dict[bytes, int] = {}  # and which of ``masks`` it is
        for number, key in enumerate(keys):
            if key in self._places:
                self._places.move_to_end(key)
                known[key] = self._places[key]
            else:
                fresh.setdefault(key, number)
        if len(known) + len(fresh) > self.capacity:
            raise ValueError(f"{len(known) + len(fresh)} different masks for {self.capacity} places")
        if fresh:
            self._upload(masks, fresh)
        self.hits += len(keys) - len(fresh)
        return torch.tensor([self._places[key] for key in keys], dtype=torch.int32).to(self.rows.device)

    def _upload(self, masks: npt.NDArray[np.int32], fresh: dict[bytes, int]) -> None:
        places: list[int] = []
        for key in fresh:
            if len(self._places) < self.capacity:
                place = len(self._places)
            else:
                place = self._places.popitem(last=False)[1]
            self._places[key] = place
            places.append(place)
        device = self.rows.device
        new = torch.from_numpy(masks[list(fresh.values())])
        self.rows[torch.tensor(places, device=device)] = new.to(device)
        self.uploads += len(fresh)
