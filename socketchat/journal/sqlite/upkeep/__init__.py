"""The writer's work between commits: retention, redaction, secure deletion."""
