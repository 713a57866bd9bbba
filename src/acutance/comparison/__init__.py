"""Methods beside each other: who makes the better pictures, by models or by people."""
