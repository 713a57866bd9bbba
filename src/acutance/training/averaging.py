"""A moving average of weights."""

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """The exponential moving average of a network's weights; what it counts or normalises with is copied.

    Args:
        network: The network in training.
        decay: Share that stays at each step, below 1; small at first, (1 + steps) / (10 + steps), so that the
            random start is forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay
        self._steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take the weights after a step into account."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        parameters = dict(network.named_parameters())
        for name, average in self.network.named_parameters():
            average.lerp_(parameters[name].to(average.dtype), 1 - decay)
        buffers = dict(network.named_buffers())
        for name, kept in self.network.named_buffers():
            kept.copy_(buffers[name])

    def state(self) -> dict[str, Tensor | int]:
        """All that a resumed average needs."""
        return {"steps": self._steps, **{f"network.{name}": value for name, value in self.network.state_dict().items()}}

    def restore(self, state: dict[str, Tensor | int]) -> None:
        """Go on from ``state``."""
        self._steps = int(state["steps"])
        prefix = "network."
        self.network.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        )
