"""login: use a Proxmox-MPC server from here on."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("login")
@click.argument("url")
@click.option("--name", default="", metavar="NAME", help="What the server is called here; else its host's name.")
@click.option("--user", default="", metavar="USER", help="Who logs in; asked for where it is not given.")
@click.option(
    "--password",
    metavar="PASSWORD",
    help="`-` reads it from standard input, then a new one where it has to change; else it is asked for.",
)
@click.option("--provider", default="local", show_default=True, metavar="NAME", help="Who answers for the user.")
@click.option("--no-browser", is_flag=True, help="Print the URL of a provider by browser, but do not open it.")
@click.option("--token", metavar="TOKEN", help="A personal API token instead; `-` reads it from standard input.")
@click.option("--context", default="", metavar="NAME", help="Which of the server's contexts is meant by default.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CA certificate, a PEM file.")
@click.option("--fingerprint", default="", help="SHA-256 fingerprint of the certificate to trust.")
@click.option("--insecure", is_flag=True, help="Trust any certificate, or none.")
def command(
    url: str,
    name: str,
    user: str,
    password: str | None,
    provider: str,
    no_browser: bool,
    token: str | None,
    context: str,
    ca: Path | None,
    fingerprint: str,
    insecure: bool,
) -> None:
    """Log in to a Proxmox-MPC server; from then on commands run there, under its users and permissions.

    The server becomes a context: config use-context chooses between it and clusters, --server local is this machine.
    Examples: login https://mpc.example.org --user ada · login http://localhost:5109 · login URL --provider google
    """
    from proxmox_mpc.interfaces.cli import _login

    server = _login.described(url, name, context, ca, fingerprint, insecure)
    if token is not None:
        found = _login.by_token(server, _login.secret(token, "Token"))
    elif _login.goes_by_browser(server, provider):
        from proxmox_mpc.interfaces.cli import _browser_login

        found = _browser_login.by_browser(server, provider, open_it=not no_browser)
    else:
        user = user or str(click.prompt("User", err=True))
        found = _login.by_password(server, user, password, provider)
    where = f", context {context}" if context else ""
    click.echo(f"{found} is logged in on {server.url}{where}; it is the current context ({server.name})")
