"""A-FINE's shape on small trunks of our own, with weights in the package."""
