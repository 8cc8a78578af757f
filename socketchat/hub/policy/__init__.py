"""What is allowed, and how much of it: permissions, quotas and rate limits."""
