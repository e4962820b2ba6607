"""api-resources: the kinds that can be declared."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("api-resources")
@_options.output
@click.option("--json-schema", is_flag=True, help="The JSON Schema of all manifests, for editors.")
def command(output: str, json_schema: bool) -> None:
    """List the kinds that can be declared, with their names.

    For completion and checks in an editor: api-resources --json-schema > proxmox.schema.json
    """
    from proxmox_mpc.actions import json_schema as schema_action
    from proxmox_mpc.actions.api_resources import ApiResourcesRequest, api_resources
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    if json_schema:
        schema = call(schema_action.json_schema, schema_action.JsonSchemaRequest())
        click.echo(_output.as_json(schema.content))
        return
    result = call(api_resources, ApiResourcesRequest())
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.plural for item in result.items],
            titles=["KIND", "NAMES", "NAMESPACED", "WHAT IT IS"],
            rows=[
                (
                    item.name,
                    ",".join([item.plural, *item.short_names]),
                    "yes" if item.namespaced else "no",
                    item.summary,
                )
                for item in result.items
            ],
        )
    )
