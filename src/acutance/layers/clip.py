"""CLIP's image tower (Radford et al., ICML 2021, arXiv 2103.00020) on timm, read block by block."""

from collections.abc import Iterator
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.cpu import centre_products, fast_block, fast_linear, patch_rows
from acutance.shapes import ImageBatch, TokenBatch

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
"""Mean of red, green, blue in CLIP's training images (openai/CLIP, clip.py)."""
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Their standard deviation."""
VIT_B32 = "vit_base_patch32_clip_quickgelu_224"
"""timm's name of OpenAI's ViT-B/32: width 768, 12 blocks, QuickGELU, LayerNorm before the blocks."""

CLASS_NORM_EPSILON = 1e-5
"""Of the LayerNorm of the class token, torch's own (openai/CLIP, model.py)."""
QUICK_GELU_SLOPE = 1.702
"""Slope of CLIP's activation (openai/CLIP, model.py)."""
FLOAT32_BLOCKS = 4
"""First blocks that compute in float32 even when the others do not: they multiply what goes wrong in them. With the
golden weights A-FINE's score is then 0.04 off (root mean square), with three such blocks 0.11, with none 0.15."""


class ClipImageEncoder(nn.Module):
    """CLIP's vision transformer for images of any size that is a multiple of the patch.

    The table of positions is stretched along its one dimension of rows, class row included, as A-FINE
    was trained, and not over the two dimensions of the image.

    Args:
        overrides: Arguments for timm's constructor, such as ``depth=2`` for a tiny backbone.
    """

    trunk: Any  # timm's models are untyped
    mean: Tensor
    std: Tensor

    def __init__(self, **overrides: Any) -> None:  # noqa: ANN401 (timm's own)
        super().__init__()
        self.trunk = timm.create_model(
            VIT_B32, pretrained=False, num_classes=0, global_pool="", final_norm=False, **overrides
        )
        self.patch_size = int(self.trunk.patch_embed.patch_size[0])
        self.width = int(self.trunk.embed_dim)
        self.depth = len(self.trunk.blocks)
        self.class_norm: nn.LayerNorm | None = None
        self.register_buffer("mean", torch.tensor(CLIP_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(CLIP_STD).view(1, 3, 1, 1), persistent=False)

    def use_bfloat16_products(self) -> None:
        """Take the products of all blocks but the first ones in bfloat16; all between them stays float32."""
        for block in self.trunk.blocks[FLOAT32_BLOCKS:]:
            centre_products(block)

    def add_class_norm(self) -> None:
        """Build the LayerNorm of the class token, which nothing but ``class_output`` uses."""
        self.class_norm = nn.LayerNorm(self.width, eps=CLASS_NORM_EPSILON)

    def blocks(self, images: ImageBatch) -> Iterator[TokenBatch]:
        """The residual stream after each block, without the class token, one block at a time.

        Args:
            images: Images in [0, 1], sides multiples of ``patch_size``.

        Yields:
            (batch, tokens, width), tokens in row-major order. Nothing of a block is kept after it.
        """
        for tokens in self.streams(images):
            yield tokens[:, 1:]

    def streams(self, images: ImageBatch) -> Iterator[TokenBatch]:
        """The residual stream after each block, the class token first in it, one block at a time."""
        tokens = self._embed(images)
        for block in self.trunk.blocks:
            tokens = fast_block(block, tokens, _quick_gelu_)
            yield tokens

    def class_output(self, stream: TokenBatch) -> Tensor | None:
        """(batch, width): the class token of the last stream through its LayerNorm; ``None`` without one."""
        return None if self.class_norm is None else self.class_norm(stream[:, 0])

    def positions(self, length: int) -> Tensor:
        """The table of positions for ``length`` tokens, class token included: (1, length, width)."""
        table: Tensor = self.trunk.pos_embed
        if length == table.shape[1]:
            return table
        size = (length, table.shape[2])
        return functional.interpolate(table[None], size=size, mode="bicubic", align_corners=False)[0]

    def _embed(self, images: Tensor) -> Tensor:
        patches = self._project((images - self.mean) / self.std)  # (batch, tokens, width)
        class_token = self.trunk.cls_token.expand(patches.shape[0], -1, -1)
        tokens = torch.cat([class_token, patches], dim=1)
        embedded: Tensor = self.trunk.norm_pre(tokens + self.positions(tokens.shape[1]))
        return embedded

    def _project(self, images: Tensor) -> Tensor:
        """The patch embedding: a convolution whose stride is its kernel is one matrix product."""
        return fast_linear(patch_rows(images, self.patch_size), self.trunk.patch_embed.proj)


def _quick_gelu_(values: Tensor) -> Tensor:
    """CLIP's activation ``x * sigmoid(1.702 x)``, in place."""
    return functional.silu(values.mul_(QUICK_GELU_SLOPE), inplace=True).div_(QUICK_GELU_SLOPE)
