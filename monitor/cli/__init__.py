"""The command line `lead-sla`."""
