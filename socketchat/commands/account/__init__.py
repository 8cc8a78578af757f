"""Commands about a user's own account: login, passwords, devices."""
