"""Slash commands: one table for the plain dialect and for ``join``, with parsing and help."""
