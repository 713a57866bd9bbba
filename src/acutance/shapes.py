"""Names for the tensor shapes that cross module borders."""

from jaxtyping import Float
from torch import Tensor

ImageBatch = Float[Tensor, "batch 3 height width"]
"""Images: red, green, blue in [0, 1]."""
ScoreBatch = Float[Tensor, " batch"]
"""One number per image."""
TokenBatch = Float[Tensor, "batch tokens channels"]
"""Transformer tokens."""
ChannelBatch = Float[Tensor, "batch channels"]
"""One number per image and channel."""
