"""The vision transformer (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929) on timm, read block by block."""

from collections.abc import Iterator
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.cpu import centre_products, fast_block, fast_linear, patch_rows
from acutance.shapes import ImageBatch, TokenBatch

VIT_B8 = "vit_base_patch8_224"
"""timm's name of ViT-B/8: width 768, 12 blocks of 12 heads, patches of 8 x 8 pixels, images of 224 x 224."""


class VisionTransformer(nn.Module):
    """The first blocks of a ViT for images of its own size; neither final norm nor classifier is built.

    Args:
        overrides: Arguments for timm's constructor, such as ``embed_dim=48`` and ``num_heads=3`` for a tiny backbone.
    """

    trunk: Any  # timm's models are untyped

    def __init__(self, depth: int = 12, **overrides: Any) -> None:  # noqa: ANN401 (timm's own)
        super().__init__()
        self.trunk = timm.create_model(
            VIT_B8, pretrained=False, depth=depth, num_classes=0, global_pool="", final_norm=False, **overrides
        )
        self.patch_size = int(self.trunk.patch_embed.patch_size[0])
        self.width = int(self.trunk.embed_dim)

    def use_bfloat16_products(self) -> None:
        """Take the products of all blocks in bfloat16; all between them stays float32."""
        for block in self.trunk.blocks:
            centre_products(block)

    def blocks(self, images: ImageBatch) -> Iterator[TokenBatch]:
        """The output of each block, without the class token, one block at a time.

        Args:
            images: Normalised images of the network's own size.

        Yields:
            (batch, tokens, width), tokens in row-major order. Nothing of a block is kept after it.
        """
        tokens = self._embed(images)
        for block in self.trunk.blocks:
            tokens = fast_block(block, tokens, functional.gelu)
            yield tokens[:, 1:]

    def _embed(self, images: Tensor) -> Tensor:
        patches = fast_linear(patch_rows(images, self.patch_size), self.trunk.patch_embed.proj)
        class_token = self.trunk.cls_token.expand(patches.shape[0], -1, -1)
        embedded: Tensor = torch.cat([class_token, patches], dim=1) + self.trunk.pos_embed
        return embedded
