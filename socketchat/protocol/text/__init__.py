"""Text of users: hygiene, look-alikes, durations, timestamps, references and mentions."""
