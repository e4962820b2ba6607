"""What a user can do: one file per action, each an async function with a typed request and a typed result.

What belongs here: the decision of what a wish means. What never does: parsing arguments, asking, printing (the
interfaces), or how the cluster is read and written (engine, kinds). A verb keeps its name everywhere:
`actions/rollback.py`, `interfaces/cli/rollback.py`, its route, its tool, its test.
"""
