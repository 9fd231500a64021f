"""Channels that take notices."""
