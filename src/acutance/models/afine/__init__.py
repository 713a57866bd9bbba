"""A-FINE (Chen, Wu, Ma, Zhang, CVPR 2025)."""
