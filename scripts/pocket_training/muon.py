"""Muon for the hidden matrices, Adam for the rest.

Muon (Jordan et al. 2024) takes the momentum of a matrix and replaces it by the nearest
orthogonal one, found by a Newton-Schulz iteration; on small models it needs far fewer
tokens than Adam.  Matrices of one shape are handled as one stack, in float32, because
the CPUs this is meant for have no fast bfloat16.  This module knows nothing about the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalize(stack: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Each matrix of (N, R, C) with its singular values moved close to one."""
    a, b, c = _COEFFICIENTS
    tall = stack.size(-2) > stack.size(-1)
    x = stack.mT if tall else stack
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal, for matrices only."""

    def __init__(
        self,
        params: Iterable[torch.Tensor],
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes[parameter.shape].append(parameter)
            for shape, members in shapes.items():
                directions = []
                for parameter in members:
                    state = self.state[parameter]
                    momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                    momentum.lerp_(parameter.grad, 1 - group["momentum"])
                    directions.append(parameter.grad.lerp(momentum, group["momentum"]))
                updates = orthogonalize(torch.stack(directions))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(members, updates, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * scale)
