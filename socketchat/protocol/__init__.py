"""What the server and the clients share, as data: commands, events, limits, names, text hygiene, codec, framing."""
