"""user: who may log in to the server."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("user")
def command() -> None:
    """Users of the server. (Users of the cluster are a kind: get users, explain user.)"""


@command.command("list")
@_options.context
@_options.output
def list_(context: str, output: str) -> None:
    """List the users."""
    from proxmox_mpc.actions.user_list import UserListRequest, user_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda user: user.name,
        "DISPLAY NAME": lambda user: user.display_name,
        "PROVIDER": lambda user: user.provider,
        "STATE": lambda user: "disabled" if user.disabled else "first login" if user.must_change_password else "active",
        "LAST LOGIN": lambda user: _people.at(user.last_login_at),
    }
    items = call(user_list, UserListRequest(), context=context).items
    _people.show(output, items, columns, lambda user: user.name, empty="no users")


@command.command("get")
@click.argument("name")
@_options.context
@click.option("-o", "--output", default="yaml", help="yaml or json.", type=click.Choice(["yaml", "json"]))
def get(name: str, context: str, output: str) -> None:
    """Show a user: groups, grants, and whether logins have to wait."""
    from proxmox_mpc.actions.user_get import UserGetRequest, user_get
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    found = call(user_get, UserGetRequest(name=name), context=context).model_dump(mode="json", by_alias=True)
    click.echo(_output.as_json(found) if output == "json" else _output.as_yaml(found))


@command.command("create")
@click.argument("name")
@click.option("--display-name", default="", help="How the user is called.", metavar="TEXT")
@click.option("--email", default="", help="The user's e-mail address.", metavar="ADDRESS")
@click.option("-o", "--output", default="", help="yaml or json.", type=click.Choice(["", "yaml", "json"]))
@_options.context
def create(name: str, display_name: str, email: str, output: str, context: str) -> None:
    """Make a user, and print the secret for the first login. Then: grant add ROLE --user NAME"""
    from proxmox_mpc.actions.user_create import UserCreateRequest, user_create
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    request = UserCreateRequest(name=name, display_name=display_name, email=email)
    made = call(user_create, request, context=context)
    what = f"{made.user.name} may log in with this secret, once, and changes it then:"
    _people.told_once(what, made.secret, output, {"name": made.user.name, "secret": made.secret})


@command.command("set")
@click.argument("name")
@click.option("--display-name", default=None, help="How the user is called.", metavar="TEXT")
@click.option("--email", default=None, help="The user's e-mail address.", metavar="ADDRESS")
@click.option("--disable/--enable", "disabled", default=None, help="Keep the user out, at once; or let in again.")
@_options.context
def set_(name: str, display_name: str | None, email: str | None, disabled: bool | None, context: str) -> None:
    """Change a user; what is not given stays."""
    from proxmox_mpc.actions.user_set import UserSetRequest, user_set
    from proxmox_mpc.interfaces.cli._run import call

    request = UserSetRequest(name=name, display_name=display_name, email=email, disabled=disabled)
    user = call(user_set, request, context=context).user
    click.echo(f"{user.name} is {'disabled' if user.disabled else 'enabled'}" if disabled is not None else user.name)


@command.command("delete")
@click.argument("name")
@_options.context
@_options.yes
def delete(name: str, context: str, yes: bool) -> None:
    """Delete a user with all sessions, tokens and grants."""
    from proxmox_mpc.actions.user_delete import UserDeleteRequest, user_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Delete the user {name}?", yes)
    click.echo(f"{call(user_delete, UserDeleteRequest(name=name), context=context).name} is deleted")


@command.command("unlock")
@click.argument("name")
@_options.context
def unlock(name: str, context: str) -> None:
    """Let a user try again whose logins failed too often."""
    from proxmox_mpc.actions.user_unlock import UserUnlockRequest, user_unlock
    from proxmox_mpc.interfaces.cli._run import call

    click.echo(f"{call(user_unlock, UserUnlockRequest(name=name), context=context).name} may try again")


@command.command("password")
@click.argument("name", required=False)
@_options.context
def password(name: str | None, context: str) -> None:
    """Change your own password; with a NAME, give that user a secret for one login."""
    from proxmox_mpc.actions.password_change import PasswordChangeRequest, password_change
    from proxmox_mpc.actions.user_password import UserPasswordRequest, user_password
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._login import new_password
    from proxmox_mpc.interfaces.cli._run import call

    if name is not None:
        reset = call(user_password, UserPasswordRequest(name=name), context=context)
        what = f"{reset.name} may log in with this secret, once, and changes it then:"
        _people.told_once(what, reset.secret, "", {})
        return
    current = click.prompt("Current password", hide_input=True, err=True)
    new = new_password()
    call(password_change, PasswordChangeRequest(current_password=current, new_password=new), context=context)
    click.echo("The password is changed; your other sessions have ended.")
