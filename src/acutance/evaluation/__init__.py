"""How well models agree with people, and methods with each other."""
