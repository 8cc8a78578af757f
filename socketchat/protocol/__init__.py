"""What both sides of the wire share, as data only: commands, events, limits, names, text hygiene, codec and framing."""
