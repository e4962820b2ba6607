"""The HA manager: keeps the resources of /cluster/ha running, and where the rules want them (`guests._placement`).

- `manager`: one round of decisions over all resources (PVE's CRM).
- `nodes`: who is there, who is gone, and for how long.
- `agent`: what a node does about its resources (PVE's LRM).
- `daemon`: when rounds happen.
"""
