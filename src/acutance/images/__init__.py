"""Pictures: reading and resizing."""
