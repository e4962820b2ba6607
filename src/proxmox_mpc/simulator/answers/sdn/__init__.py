"""Software-defined networks: what is configured, what of it runs since the last apply, and the difference."""
