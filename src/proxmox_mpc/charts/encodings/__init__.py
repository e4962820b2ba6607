"""YAML, JSON and TOML as Go's libraries read and write them: where Python's differ, a chart would show it."""
