"""/storage and /nodes/{node}/storage: definitions, status, content."""
