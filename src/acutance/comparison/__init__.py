"""Methods beside each other: who makes the better images, by models or by people."""
