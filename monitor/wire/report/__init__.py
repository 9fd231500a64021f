"""The contract of the report: what `lead-sla report --format json` answers, and what its pages are made from."""
