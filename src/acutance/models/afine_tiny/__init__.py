"""A-FINE's shape on small backbones of our own, with weights in the package."""
