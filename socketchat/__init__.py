"""Team chat in the terminal: one command hosts it, one command joins it, and scripts use it like any Unix tool."""

__version__ = "0.1.0"
