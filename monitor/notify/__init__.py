"""Who is told about an outcome, and how it gets there."""
