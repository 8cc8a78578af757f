"""Authentication as data: keys and their proofs, passwords, join codes and certificates."""
