"""`kaiwa token`: a token of the local issuer, for a script or for `curl`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.cluster import DEFAULT_DIRECTORY, read_cluster
from contracts.ids import is_id
from deploy.issuer.client import ask_for_token

_LONGEST_S = 86_400


def _checked_user(user: str) -> str:
    if not is_id(user):
        raise typer.BadParameter("a user is 1 to 64 of A-Z a-z 0-9 _ . @ : -")
    return user


def token(
    user: Annotated[str, typer.Argument(help="whose token, e.g. alice; need not exist yet", callback=_checked_user)],
    admin: Annotated[bool, typer.Option("--admin", help="in the admin group")] = False,
    expires_in: Annotated[
        int | None,
        typer.Option(
            "--expires-in",
            metavar="S",
            min=-_LONGEST_S,
            max=_LONGEST_S,
            help="seconds to live; 0 or less: expired already  [default: an hour]",
        ),
    ] = None,
    directory: Annotated[Path, typer.Option("--dir", help="folder of the cluster")] = DEFAULT_DIRECTORY,
) -> None:
    """Print a token of the local issuer and nothing else.

    Use it as `?token=` of the WebSocket, or as `Authorization: Bearer` of the HTTP API.
    """
    issuer = read_cluster(directory)["issuer"]
    typer.echo(ask_for_token(issuer, user, admin=admin, expires_in_s=expires_in))
