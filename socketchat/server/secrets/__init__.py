"""Passwords and join codes on the server's side."""
