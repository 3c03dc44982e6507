"""The commands of a chat: /who, /rooms, /join and so on, against the HTTP API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cli.terminal.commands import HELP, Command
from cli.terminal.happenings import Happening, Notice, Problem
from cli.terminal.http_api import ApiRefusedError, ApiUnavailableError
from cli.terminal.room_people import load_people
from cli.terminal.session import Session
from cli.terminal.words import several
from deploy.issuer.client import NoTokenError


class Asides:
    """Answers commands; what it returns is to be shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answers: dict[str, Callable[[tuple[str, ...]], Awaitable[list[Happening]]]] = {
            "/help": self._help,
            "/who": self._who,
            "/rooms": self._rooms,
            "/join": self._join,
            "/create": self._create,
            "/add": self._add,
            "/remove": self._remove,
        }

    async def answer(self, command: Command) -> list[Happening]:
        """What the command says; a refusal, or a server that is away, is a Problem."""
        try:
            return await self._answers[command.name](command.arguments)
        except (ApiRefusedError, ApiUnavailableError, NoTokenError) as error:
            return [Problem(str(error))]

    @property
    def _room(self) -> str:
        return self._session.conversation.chat_room_id

    async def _help(self, _: tuple[str, ...]) -> list[Happening]:
        return [Notice(f"{usage:<24}{meaning}") for usage, meaning in HELP.items()]

    async def _who(self, _: tuple[str, ...]) -> list[Happening]:
        conversation = self._session.conversation
        await load_people(self._session.api, conversation)
        people = conversation.people
        away = [people.name(user_id) for user_id in people.members if user_id not in people.online]
        lines = [f"online: {', '.join(_named(people.name(user_id), user_id) for user_id in people.online)}"]
        return [Notice(line) for line in [*lines, *([f"away: {', '.join(away)}"] if away else [])]]

    async def _rooms(self, _: tuple[str, ...]) -> list[Happening]:
        rooms = await self._session.api.rooms()
        width = max((len(room.chat_room_id) for room in rooms), default=0)
        return [
            Notice(
                f"{'▸' if room.chat_room_id == self._room else ' '} {room.chat_room_id:<{width}}  "
                f"{room.participant_count} people" + (f", {room.unread} unread" if room.unread else "")
            )
            for room in rooms
        ] or [Notice("You are in no room yet: /create ROOM makes one.")]

    async def _join(self, arguments: tuple[str, ...]) -> list[Happening]:
        room = await self._session.api.room(arguments[0])
        self._session.conversation.enter(room.chat_room_id)
        self._session.conversation.people.are({person.user_id: person.display_name for person in room.participants})
        self._session.poke()
        return [Notice(f"This is {room.name}, with {several([person.display_name for person in room.participants])}.")]

    async def _create(self, arguments: tuple[str, ...]) -> list[Happening]:
        room = await self._session.api.create(arguments[0], arguments[1:])
        return await self._join((room.chat_room_id,))

    async def _add(self, arguments: tuple[str, ...]) -> list[Happening]:
        await self._session.api.add(self._room, arguments[0])
        return await self._told(f"{arguments[0]} is in the room.")

    async def _remove(self, arguments: tuple[str, ...]) -> list[Happening]:
        await self._session.api.remove(self._room, arguments[0])
        return await self._told(f"{arguments[0]} is not in the room any more.")

    async def _told(self, sentence: str) -> list[Happening]:
        self._session.conversation.people_are_stale = True
        self._session.poke()
        return [Notice(sentence)]


def _named(name: str, user_id: str) -> str:
    return name if name.lower() == user_id.lower() else f"{name} ({user_id})"
