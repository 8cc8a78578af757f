"""The client: a sans-IO session, an asyncio shell for join and bots, a blocking one for send; and their files."""
