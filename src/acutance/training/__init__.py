"""Training of quality models: the loop, its settings and the folder of a run."""
