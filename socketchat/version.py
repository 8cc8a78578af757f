"""The version, in its own module because the package itself names the whole client."""

__version__ = "0.1.0"
