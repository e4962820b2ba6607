"""/nodes/{node}/lxc: containers."""
