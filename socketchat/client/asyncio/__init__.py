"""The client under asyncio, for join and for bots."""
