"""The projection: the state that the log alone decides."""
