"""Delivery of entries and presence to sessions: welcome, subscriptions, fan-out, replay and presence."""
