"""Who hears what, and when: fan-out, replay, attendance and presence."""
