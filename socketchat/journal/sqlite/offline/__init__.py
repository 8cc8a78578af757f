"""Work on a whole store: backup, export, recovery."""
