"""get: list objects of a kind, or show some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions.get import GetResult

FULL = ("json", "yaml", "jsonpath", "custom-columns")
"""Outputs that show configuration, so that it has to be read; the others need the bulk rows alone."""
RELEASE_WORDS = ("values", "manifest", "notes", "hooks", "all")
"""What Helm gets of a release; no kind is called so."""


@click.command("get")
@click.argument("kind", required=False)
@click.argument("names", nargs=-1)
@_options.context
@_options.output
@_options.files
@_options.recursive
@_options.namespace
@click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces (as without -n).")
@_options.selector
@click.option("--field-selector", default="", help="Facts: status=running, node=pve1.", metavar="SEL")
@click.option("--sort-by", default="", help="Column, or .path into the object.", metavar="COLUMN")
@click.option("--no-headers", is_flag=True, help="Table without its first line.")
@click.option("-w", "--watch", is_flag=True, help="Go on, and show what changes.")
def command(
    kind: str | None,
    names: Sequence[str],
    context: str,
    output: str,
    files: Sequence[str],
    recursive: bool,
    namespace: str,
    all_namespaces: bool,
    selector: str,
    field_selector: str,
    sort_by: str,
    no_headers: bool,
    watch: bool,
) -> None:
    """List objects of a kind, or show some of them.

    Of a release: get values|manifest|notes|hooks|all RELEASE [REVISION]. Examples: get vms · get vm web -o yaml ·
    get vms -l prod-web -o wide · get -f infrastructure.yaml · get values web
    """
    from proxmox_mpc.actions.get import GetRequest, get
    from proxmox_mpc.interfaces.cli._run import call, within

    if kind in RELEASE_WORDS:
        _of_release(kind, names, context, output)
        return
    if files:
        _declared(files, recursive, namespace, context, output)
        return
    if kind is None:
        raise click.UsageError("Missing the kind, such as: proxmox-cli get vms. api-resources lists all kinds.")
    if "/" in kind and not names:
        kind, _, name = kind.partition("/")
        names = (name,)
    request = GetRequest(
        kind=kind,
        names=list(names),
        namespace="" if all_namespaces else namespace,
        selector=selector,
        field_selector=field_selector,
        full=output.partition("=")[0] in FULL,
    )
    if not watch:
        click.echo(show(call(get, request, context=context), output, sort_by, no_headers, single=len(names) == 1))
        return
    from proxmox_mpc.interfaces.cli._watch import watch_rows

    within(lambda session: watch_rows(session, request), context=context)


def show(result: GetResult, output: str, sort_by: str = "", no_headers: bool = False, *, single: bool = False) -> str:
    """The result as `-o` asks for."""
    from proxmox_mpc.interfaces.cli import _output

    wide = output in ("wide", "csv")
    shown = [i for i, column in enumerate(result.columns) if wide or not column.wide]
    titles = [result.columns[i].title for i in shown]
    right = [result.columns[i].right for i in shown]
    documents = [_document(item.manifest, item.identity, item.status) for item in result.items]
    pairs = list(zip([[item.cells[i] for i in shown] for item in result.items], documents, strict=True))
    if sort_by:
        pairs = _sorted(pairs, titles, sort_by)
    rows = [row for row, _ in pairs]
    if result.namespaced:
        titles, right = ["NAMESPACE", *titles], [False, *right]
        spaces = [document["metadata"].get("namespace", "") for _, document in pairs]
        rows = [[space, *row] for space, row in zip(spaces, rows, strict=True)]
    documents = [document for _, document in pairs]
    pages = {"yaml": [_clean(document) for document in documents]}.get(output, documents)
    text = _output.render(
        output,
        document=lambda: pages[0] if single and len(pages) == 1 else {"kind": "List", "items": pages},
        items=lambda: documents,
        names=lambda: [f"{result.kind.lower()}/{document['metadata']['name']}" for document in documents],
        titles=titles,
        rows=rows,
        right=right,
        empty=f"no {result.plural} found",
    )
    return text.partition("\n")[2] if no_headers and output in ("table", "wide") and rows else text


def _of_release(word: str, names: Sequence[str], context: str, output: str) -> None:
    from proxmox_mpc.actions.release_get import ReleaseGetRequest, release_get
    from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    if not names or len(names) > 2 or (len(names) == 2 and not names[1].isdigit()):
        raise UsageError("say which release", hint=f"proxmox-cli get {word} RELEASE [REVISION]")
    revision = int(names[1]) if len(names) == 2 else None
    request = ReleaseGetRequest(name=names[0], revision=revision, all_values=word == "all")
    found = call(release_get, request, context=context)
    if output == "json":
        page = found.model_dump(mode="json", by_alias=True)
        click.echo(_output.as_json(page if word == "all" else page[word]))
        return
    values = write_yaml(found.values)
    texts = {"values": values, "manifest": found.manifest, "notes": found.notes, "hooks": found.hooks}
    if word != "all":
        click.echo(texts[word], nl=not texts[word].endswith("\n"))
        return
    for name, text in texts.items():
        click.echo(f"{name.upper()}:\n{text}")


def _document(manifest: dict[str, Any], identity: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "identity": identity, "status": status}


def _clean(document: dict[str, Any]) -> dict[str, Any]:
    """YAML is for editing and applying: it is the manifest alone."""
    return {name: value for name, value in document.items() if name not in ("identity", "status")}


def _sorted(pairs: list[Any], titles: list[str], sort_by: str) -> list[Any]:
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._output import jsonpath

    if sort_by.upper() in titles:
        column = titles.index(sort_by.upper())
        return sorted(pairs, key=lambda pair: _order(pair[0][column]))
    if sort_by[:1] in ".{":
        path = sort_by if sort_by.startswith("{") else "{" + sort_by + "}"
        return sorted(pairs, key=lambda pair: _order(jsonpath(path, pair[1])))
    raise UsageError(
        f"there is no column {sort_by!r}", hint=f"columns: {', '.join(t.lower() for t in titles)}, or .path"
    )


def _order(value: Any) -> tuple[int, float, str]:
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, str(value or ""))


def _declared(files: Sequence[str], recursive: bool, namespace: str, context: str, output: str) -> None:
    """get -f: the live state of what the manifests name, kind by kind."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.get_declared import GetDeclaredRequest, get_declared
    from proxmox_mpc.interfaces.cli._files import application_name, read
    from proxmox_mpc.interfaces.cli._run import within

    request = GetDeclaredRequest(
        texts=read(files, recursive),
        namespace=namespace or "default",
        application=application_name("", files),
        full=output.partition("=")[0] in FULL,
    )

    async def work(session: Session) -> None:
        found = await get_declared(session, request)
        texts = [show(result, output) for result in found.kinds]
        click.echo(("\n---\n" if output == "yaml" else "\n\n").join(texts))
        for name in found.missing:
            click.echo(f"{name} is not on the cluster", err=True)

    within(work, context=context)
