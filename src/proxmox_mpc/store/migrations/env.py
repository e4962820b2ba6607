"""How Alembic runs here: on the connection that the store gives it, within its transaction."""

from alembic import context

from proxmox_mpc.store.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
