"""Stores as released versions left them. DO NOT EDIT: they show that users' data is migrated.

v1.db is of schema 1: two accounts, a topic, direct messages, and 73 entries in #lobby.
"""

from pathlib import Path

FIRST = Path(__file__).parent / "v1.db"
