"""HyperIQA (Su et al., CVPR 2020)."""
