"""YAML, JSON and TOML as Go's libraries read and write them: what Python's libraries do differently, a chart would show."""
