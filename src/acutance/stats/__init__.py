"""Statistics of scores and opinions, with numpy and scipy alone."""
