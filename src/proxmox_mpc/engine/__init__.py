"""The engine: observe → diff → order → plan → execute → record. It knows no concrete kind.

What belongs here: what is the same for every kind. What never does: a PVE path, a parameter's name, a kind's name.

- `manifests.py`: texts → resources, with the place of every mistake
- `observe.py`: which live object each resource means, and who owns it
- `diff.py`: what differs, three ways
- `order.py`: what must come before what
- `planner.py`, `plan.py`: a plan, which is a value that can refuse
- `pruning.py`: what goes; `rolling.py`: a few replicas of a set at a time
- `execute.py`: a plan carried out, journalled, in parallel where nothing forbids it
"""
