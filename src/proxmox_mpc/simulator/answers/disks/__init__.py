"""/nodes/{node}/disks: physical disks, and the volume groups, pools and file systems that are built on them."""
