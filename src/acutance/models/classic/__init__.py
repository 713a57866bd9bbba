"""Classic metrics, from piq."""
