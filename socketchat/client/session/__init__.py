"""The client's side of the protocol without a socket."""
