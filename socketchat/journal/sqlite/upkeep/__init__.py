"""What the writer does behind the commits: retention, redaction, secure deletion."""
