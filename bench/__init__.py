"""What this product costs, each figure as a ratio to a named baseline of the same run."""
