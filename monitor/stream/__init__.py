"""The streaming shell: the only package that imports faust."""
