"""The default journal: a data directory with one SQLite database."""
