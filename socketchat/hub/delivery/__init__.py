"""Delivery of entries and presence to sessions: fan-out, replay, attendance and presence."""
