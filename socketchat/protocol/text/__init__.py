"""What people write: hygiene, lookalikes, durations, timestamps, references and mentions."""
