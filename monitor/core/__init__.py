"""The pure domain core: standard library only, no I/O, no clock, no randomness, no await."""
