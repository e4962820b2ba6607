"""/nodes: hosts, their state and their network."""
