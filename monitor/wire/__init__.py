"""Bytes in and out: untrusted ones stop here, and the published contracts are defined here."""
