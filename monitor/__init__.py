"""Watches the agreement between marketing and sales being kept, live."""
