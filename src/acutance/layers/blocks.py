"""Transformer blocks of timm, run faster on a CPU where no derivative is wanted."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.products import product, wants_derivative

MLP_ROWS = 1024
"""Tokens whose hidden layer is held at once."""

Activation = Callable[[Tensor], Tensor]
"""The function between the two layers of a block's MLP; may work in place."""


def run_block(block: nn.Module, tokens: Tensor, activation: Activation) -> Tensor:
    """The block's output; on a CPU without gradient one picture at a time, whose numbers stay in its caches.

    Args:
        block: A block of timm's ``VisionTransformer`` with nothing but norms, attention and MLP.
        tokens: Shape (batch, tokens, width); they stay as they are.
        activation: What the block's MLP has between its layers.
    """
    if wants_derivative(tokens, *block.parameters()) or tokens.device.type != "cpu":
        output: Tensor = block(tokens)
        return output
    return torch.stack([_run_block_fast(block, picture, activation) for picture in tokens])


def patch_rows(images: Tensor, side: int) -> Tensor:
    """The patches of each picture as rows, for a patch embedding that is one matrix product.

    Args:
        images: Shape (batch, 3, height, width), sides multiples of ``side``.
        side: Of a patch, in pixels.

    Returns:
        Shape (batch, patches, 3 * side * side), patches row by row, colour by colour within.
    """
    batch = images.shape[0]
    rows, columns = (pixels // side for pixels in images.shape[2:])
    patches = images.reshape(batch, 3, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(batch, rows * columns, 3 * side * side)


def _run_block_fast(block: Any, tokens: Tensor, activation: Activation) -> Tensor:  # noqa: ANN401 (timm is untyped)
    """The same as timm's block for one picture, (tokens, width), with faster products and fewer copies."""
    length, width = tokens.shape
    heads = block.attn.num_heads
    packed = product(block.norm1(tokens), block.attn.qkv)
    query, key, value = packed.view(length, 3, heads, width // heads).permute(1, 2, 0, 3).unsqueeze(1).unbind(0)
    mixed = functional.scaled_dot_product_attention(query, key, value)  # (1, heads, tokens, head width)
    tokens = tokens + product(mixed[0].transpose(0, 1).reshape(length, width), block.attn.proj)
    for rows in torch.split(tokens, MLP_ROWS):
        hidden = activation(product(block.norm2(rows), block.mlp.fc1))
        rows += product(hidden, block.mlp.fc2)
    return tokens
