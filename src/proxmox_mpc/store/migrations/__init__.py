"""The tables' history, one Alembic migration per step in `versions/`.

To change a table: change `models.py`, add `versions/NNNN_what_it_does.py` after the newest (its
`down_revision` is the one before), and set HEAD to it. Migrations run within one transaction on both
databases, are never edited once they were released, and have no way back: `downgrade` is left out on purpose,
a backup is the way back.
"""

HEAD = "0007"
"""The newest migration; a store that is at it opens without loading Alembic."""
