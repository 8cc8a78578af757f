"""The protocol that the server and the clients share, as data: commands, events, limits, names, codec and framing."""
