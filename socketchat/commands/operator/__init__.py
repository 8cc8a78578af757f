"""What the operator asks through the admin socket."""
