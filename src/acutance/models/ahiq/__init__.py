"""AHIQ (Lao et al., CVPR workshops 2022)."""
