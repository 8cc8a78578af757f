"""The screen: the prompt, the rendering of events, and the theme."""
