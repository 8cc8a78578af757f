"""Wires: a framing around a dialect, without a socket; detect() picks the wire for a client."""

from .detection import detect, stranger_rendering
from .wire import Dialect, Framing, Wire

__all__ = ["Dialect", "Framing", "Wire", "detect", "stranger_rendering"]
