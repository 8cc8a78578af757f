"""Handlers of the operator's orders, which come through the admin socket."""
