"""The version, which the server tells too: a module of its own, as the package itself names the whole client."""

__version__ = "0.1.0"
