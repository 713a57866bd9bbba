"""VTAMIQ (Chubarau, Clark, arXiv 2110.01655)."""
