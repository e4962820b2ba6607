"""Applications: named sets of resources with numbered revisions.

What belongs here: revisions, what an application owns, applying and rolling back as a whole, resuming after a kill.
What never does: how things differ or in which order they are done (the engine's).
"""
