"""CLIP's image tower (Radford et al., ICML 2021, arXiv 2103.00020) on timm, read block by block."""

from collections.abc import Iterator
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.backbones.linear import linear
from acutance.shapes import ImageBatch, TokenBatch

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
"""Mean of red, green, blue in CLIP's training pictures (openai/CLIP, clip.py)."""
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Their standard deviation."""
VIT_B32 = "vit_base_patch32_clip_quickgelu_224"
"""timm's name of OpenAI's ViT-B/32: width 768, 12 blocks, QuickGELU, LayerNorm before the blocks."""


class ClipImageEncoder(nn.Module):
    """CLIP's vision transformer for pictures of any size that is a multiple of the patch.

    The table of positions is stretched along its one dimension of rows, class row included, as A-FINE
    was trained, and not over the two dimensions of the picture.

    Args:
        name: timm's name of the trunk.
        overrides: Arguments for timm's constructor, such as ``depth=2`` for a tiny trunk.
    """

    trunk: Any  # timm's models are untyped
    mean: Tensor
    std: Tensor

    def __init__(self, name: str = VIT_B32, **overrides: Any) -> None:  # noqa: ANN401 (timm's own)
        super().__init__()
        self.trunk = timm.create_model(
            name, pretrained=False, num_classes=0, global_pool="", final_norm=False, **overrides
        )
        self.patch_size = int(self.trunk.patch_embed.patch_size[0])
        self.width = int(self.trunk.embed_dim)
        self.depth = len(self.trunk.blocks)
        self.register_buffer("mean", torch.tensor(CLIP_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(CLIP_STD).view(1, 3, 1, 1), persistent=False)

    def use_bfloat16_products(self) -> None:
        """Hold the matrices of the blocks in bfloat16; all that lies between the products stays float32."""
        for block in self.trunk.blocks:
            for layer in (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2):
                layer.to(torch.bfloat16)

    def blocks(self, images: ImageBatch) -> Iterator[TokenBatch]:
        """The residual stream after each block, without the class token, one block at a time.

        Args:
            images: Pictures in [0, 1], sides multiples of ``patch_size``.

        Yields:
            (batch, tokens, width), tokens in row-major order. Nothing of a block is kept after it.
        """
        tokens = self._embed(images)
        for block in self.trunk.blocks:
            tokens = _run_block(block, tokens)
            yield tokens[:, 1:]

    def positions(self, length: int) -> Tensor:
        """The table of positions for ``length`` tokens, class token included: (1, length, width)."""
        table: Tensor = self.trunk.pos_embed
        if length == table.shape[1]:
            return table
        size = (length, table.shape[2])
        return functional.interpolate(table[None], size=size, mode="bicubic", align_corners=False)[0]

    def _embed(self, images: Tensor) -> Tensor:
        normalised = (images - self.mean) / self.std
        patches = self.trunk.patch_embed.proj(normalised).flatten(2).transpose(1, 2)  # (batch, tokens, width)
        class_token = self.trunk.cls_token.expand(patches.shape[0], -1, -1)
        tokens = torch.cat([class_token, patches], dim=1)
        embedded: Tensor = self.trunk.norm_pre(tokens + self.positions(tokens.shape[1]))
        return embedded


def _run_block(block: nn.Module, tokens: Tensor) -> Tensor:
    if torch.is_grad_enabled() and (tokens.requires_grad or _weight(block).requires_grad):
        return _run_block_differentiably(block, tokens)
    return _run_block_fast(block, tokens)


def _run_block_differentiably(block: nn.Module, tokens: Tensor) -> Tensor:
    mixed = _product_dtype(block) != tokens.dtype
    with torch.autocast(tokens.device.type, dtype=torch.bfloat16, enabled=mixed):
        output: Tensor = block(tokens)
    return output


def _run_block_fast(block: Any, tokens: Tensor) -> Tensor:  # noqa: ANN401 (timm's blocks are untyped)
    """The same as timm's block, for inference: faster products, fewer copies."""
    batch, length, width = tokens.shape
    heads, dtype = block.attn.num_heads, _product_dtype(block)
    packed = linear(block.norm1(tokens).to(dtype), block.attn.qkv)
    query, key, value = packed.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4).unbind(0)
    mixed = functional.scaled_dot_product_attention(query, key, value)  # (batch, heads, length, head width)
    mixed = mixed.transpose(1, 2).reshape(batch, length, width)
    tokens = tokens + linear(mixed, block.attn.proj)
    hidden = block.mlp.act(linear(block.norm2(tokens).to(dtype), block.mlp.fc1))
    return tokens.add_(linear(hidden, block.mlp.fc2))


def _product_dtype(block: Any) -> torch.dtype:  # noqa: ANN401
    return _weight(block).dtype


def _weight(block: Any) -> Tensor:  # noqa: ANN401
    weight: Tensor = block.attn.qkv.weight
    return weight
