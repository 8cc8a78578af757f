"""The IRC dialect (Modern IRC, RFC 1459 and 2812, IRCv3): small modules by theme, and the commands in ``verbs``."""

from .dialect import STRANGER, wire

__all__ = ["STRANGER", "wire"]
