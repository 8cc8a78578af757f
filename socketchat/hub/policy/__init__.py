"""Permissions, quotas and rate limits."""
