"""What is drawn: the prompt, the rendering of events, and the theme."""
