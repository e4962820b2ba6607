"""/nodes/{node}/ceph and /cluster/ceph: a storage cluster on the nodes' disks, once its software is installed."""
