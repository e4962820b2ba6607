"""The REST API: routes made of the actions. What an action means is never decided here.

What belongs here: how a request becomes an action's and how its result and errors become HTTP. What never does: a route
that does something no action does, other than what a server tells of itself (health, metrics, its documentation).
"""
