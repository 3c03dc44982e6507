"""`kaiwa chat`: a terminal client (spec 13). This is its composition root; the parts are in cli/terminal/."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.cluster import DEFAULT_DIRECTORY, Cluster, read_cluster
from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Notice, Problem
from cli.terminal.http_api import ApiRefusedError, ApiUnavailableError, HttpApi, Me
from cli.terminal.piped import Piped, lines_of
from cli.terminal.session import OpenSocket, Session
from cli.terminal.socket import open_socket
from cli.terminal.tokens import Tokens, from_issuer, given
from contracts.ids import is_id


class CannotChatError(Exception):
    """There is nobody to talk to; the text is a sentence that says why. Exit code 1."""

    code = "CANNOT_CHAT"
    retryable = False


def _checked_id(value: str | None) -> str | None:
    if value is not None and not is_id(value):
        raise typer.BadParameter("1 to 64 of A-Z a-z 0-9 _ . @ : -")
    return value


def chat(
    room: Annotated[str, typer.Argument(help="id of the room, e.g. lobby", callback=_checked_id)],
    user: Annotated[
        str | None,
        typer.Option("--as", metavar="USER", help="who you are, e.g. alice (or set KAIWA_TOKEN)", callback=_checked_id),
    ] = None,
    directory: Annotated[Path, typer.Option("--dir", help="folder of the cluster")] = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="for programs: each frame as a line, no prompt")] = False,
    echo: Annotated[bool, typer.Option("--echo", help="with piped input: print the room's messages, too")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="with piped input: stay when it has ended")] = False,
) -> None:
    """Talk in a room: history, live messages, who is online, who is typing. /help inside tells the rest.

    Piped input is sent one message a line; each is waited for, only errors are printed, and the exit code tells.
    """
    cluster = read_cluster(directory)
    tokens = _tokens(cluster, user)
    listening = as_json or follow
    try:
        done = asyncio.run(_chat(cluster, tokens, room, as_json=as_json, echo=echo, follow=follow))
    except KeyboardInterrupt:
        # Whoever listens has no other way to end it.
        done = listening
    except BrokenPipeError:
        # The reader has seen enough; what Python still holds for it must not be written at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        done = listening
    raise typer.Exit(0 if done else 1)


def _tokens(cluster: Cluster, user: str | None) -> Tokens:
    if token := os.environ.get("KAIWA_TOKEN"):
        return given(token)
    if user is None:
        raise typer.BadParameter("say who you are, e.g. --as alice, or set KAIWA_TOKEN", param_hint="--as")
    return from_issuer(cluster["issuer"], user)


async def _chat(cluster: Cluster, tokens: Tokens, room: str, *, as_json: bool, echo: bool, follow: bool) -> bool:
    socket_url, api_url = _checked(cluster["websocketUrl"], "ws"), _checked(cluster["httpApiUrl"], "http")
    in_person = sys.stdin.isatty() and sys.stdout.isatty() and not (as_json or echo or follow)
    async with HttpApi(api_url, tokens.current) as api:
        me, people = await _enter(api, room)
        conversation = Conversation(me.user_id, room, reads=in_person)
        conversation.people.are(people)
        connect = functools.partial(open_socket, socket_url)
        if in_person:
            return await _in_person(me, conversation, api, tokens, connect)
        view = Piped(conversation, sys.stdout, sys.stderr, as_json=as_json, echo=echo)
        return await view.run(Session(conversation, api, tokens, view, connect), lines_of(sys.stdin), follow=follow)


def _checked(url: str, scheme: str) -> str:
    if not url.startswith((f"{scheme}://", f"{scheme}s://")):
        raise CannotChatError(f"{url} is no address of the kind {scheme}://HOST or {scheme}s://HOST: see KAIWA_…_URL.")
    return url


async def _in_person(me: Me, conversation: Conversation, api: HttpApi, tokens: Tokens, connect: OpenSocket) -> bool:
    # It takes a moment to load, and programs do without.
    from cli.terminal.screen import Screen  # noqa: PLC0415

    screen = Screen(conversation)
    screen.show(
        [Notice(f"You are {me.display_name}, in {conversation.chat_room_id}. /help tells more, Ctrl-D leaves.")]
    )
    if me.verification_status != "approved":
        screen.show([Notice(f"Your profile is {me.verification_status}: you can read, but not write yet.")])
    why = await screen.run(Session(conversation, api, tokens, screen, connect))
    if why:
        screen.show([Problem(why)])
    return why is None


async def _enter(api: HttpApi, room: str) -> tuple[Me, dict[str, str]]:
    """Who I am, and who is in the room, by id and name. Raises CannotChatError."""
    try:
        me = await api.me()
        return me, await _people(api, room, me.user_id)
    except ApiUnavailableError as error:
        raise CannotChatError(f"{error}: is the cluster up? See `kaiwa status`.") from None
    except ApiRefusedError as error:
        raise CannotChatError(f"The server refuses ({error.status}): {error}") from None


async def _people(api: HttpApi, room: str, me: str) -> dict[str, str]:
    try:
        return {person.user_id: person.display_name for person in (await api.room(room)).participants}
    except ApiRefusedError as error:
        if error.status != 404:
            raise
        rooms = ", ".join(found.chat_room_id for found in await api.rooms())
        instead = f"{me} is in: {rooms}" if rooms else f"{me} is in no room; whoever is in one can /add {me}"
        raise CannotChatError(f"There is no room {room}, or {me} is not in it ({instead}).") from None
