"""Directions of many inputs along which a label changes, found by kernel regression without any step of training.

The average outer product of the gradients of a regression says which directions matter; another regression is made in
the space that it spans (Radhakrishnan and others: Mechanism for feature learning in neural networks and
backpropagation-free machine learning models, Science 383, 2024).
"""

import torch
from torch import Tensor

from acutance.shapes import ChannelBatch

LARGEST_SET = 12_000
"""Samples of which distances between each two are kept; of more, as many, evenly."""
RIDGE = 0.1
"""Added to the kernel's diagonal: how much of a label is noise."""
ROUNDS = 2
"""Regressions, each in the space of the one before."""
SHARPNESS = 0.5
"""Power of the outer product that makes the next space; 1 would leave the regression few directions."""
FLOOR = 1e-3
"""Of each direction's weight, as a share of their mean."""
NEAR, SMALLEST_WIDTH = 1e-3, 1e-6
"""Nearer than this share of the kernel's width, samples are the same; the width of samples that are all the same."""


def kernel_directions(inputs: ChannelBatch, labels: Tensor, count: int) -> Tensor:
    """Directions (count, inputs) with the weight that each has, the strongest first.

    Projections of ``inputs`` on them have a root mean square of 1 over all samples and directions together.

    Args:
        inputs: Shape (samples, inputs), float32; of like size where they should count alike.
        labels: Shape (samples,).
        count: How many directions, at most as many as inputs.

    Raises:
        ValueError: More directions than inputs.
    """
    if count > inputs.shape[1]:
        raise ValueError(f"expected at most {inputs.shape[1]} directions, got {count}")
    chosen = torch.linspace(0, len(inputs) - 1, min(len(inputs), LARGEST_SET)).round().long()
    known, wanted = inputs[chosen], (labels[chosen] - labels[chosen].mean()).to(inputs.dtype)
    space = torch.eye(inputs.shape[1], dtype=inputs.dtype)
    for _ in range(ROUNDS):
        weights, axes = _outer_product(known @ space, wanted, space)
        space = (axes * weights ** (SHARPNESS / 2)) @ axes.T
    strongest = (axes * weights ** (SHARPNESS / 2))[:, -count:].flip(1)
    size = (known @ strongest).square().mean().sqrt()
    return (strongest / size.clamp_min(torch.finfo(size.dtype).tiny)).T.contiguous()


def _outer_product(known: Tensor, wanted: Tensor, space: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of the mean outer product of gradients of a Laplacian kernel's regression."""
    distances = torch.cdist(known, known)
    width = distances.median().clamp_min(SMALLEST_WIDTH)
    same = distances < NEAR * width  # the kernel has no gradient where it has its peak
    kernel = torch.exp(-distances / width)
    kernel.diagonal().add_(RIDGE)
    amounts = torch.cholesky_solve(wanted[:, None], torch.linalg.cholesky(kernel)).squeeze(1)
    slopes = kernel.mul_(amounts).div_(distances).masked_fill_(same, 0)
    gradients = (slopes.sum(1, keepdim=True) * known - slopes @ known) @ space.T
    product = (gradients.T @ gradients).double()
    product /= product.diagonal().mean().clamp_min(torch.finfo(product.dtype).tiny)
    weights, axes = torch.linalg.eigh(product)
    weights = weights.clamp_min(0)
    return (weights + FLOOR * weights.mean()).to(known.dtype), axes.to(known.dtype)
