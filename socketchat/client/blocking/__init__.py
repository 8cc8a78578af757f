"""The client over one blocking socket, for send."""
