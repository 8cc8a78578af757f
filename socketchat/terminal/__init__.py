"""Everything that draws: the rendering of events, the prompt below them, and the plain lines for pipes."""
