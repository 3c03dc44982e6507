"""For programs: one message a line from standard input; frames or messages as lines on standard output."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TextIO

from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening, Notice, NotSent, Posted, Problem, Shown
from cli.terminal.outbox import Draft, State
from cli.terminal.render import message_lines, plain
from cli.terminal.session import Session
from cli.terminal.status_line import excerpt
from contracts.limits import CONTENT_CHARACTERS
from contracts.server_frames import MessageFrame, ServerFrame, encode_frame

WITHIN_S = 30.0
"""A message that is not in the room by then is reported, unless it was accepted: then it will be decided."""
LINES_AHEAD = 100


class Piped:
    """A View for programs. Errors go to `errors`, a sentence each."""

    def __init__(
        self, conversation: Conversation, out: TextIO, errors: TextIO, *, as_json: bool = False, echo: bool = False
    ) -> None:
        self._conversation = conversation
        self._out = out
        self._errors = errors
        self._as_json = as_json
        self._echo = echo
        self._settled: dict[str, asyncio.Future[bool]] = {}
        self.failed = False

    async def run(self, session: Session, lines: AsyncIterator[str], *, follow: bool = False) -> bool:
        """Sends each line, waits until it stands in the room, and stays if asked to; True if nothing went wrong."""
        connection = asyncio.create_task(session.run())
        sending = asyncio.create_task(self._send_all(session, lines, follow=follow))
        try:
            await asyncio.wait((connection, sending), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                self._complain(connection.result())
            else:
                sending.result()
            return not self.failed
        finally:
            for task in (connection, sending):
                task.cancel()
            await asyncio.gather(connection, sending, return_exceptions=True)

    def show(self, happenings: Sequence[Happening]) -> None:
        """Prints messages if asked to, and settles drafts."""
        for happening in happenings:
            match happening:
                case Shown(message, _, draft):
                    self._print_message(message)
                    self._settle(draft, posted=True)
                case Posted(draft):
                    self._settle(draft, posted=True)
                case NotSent(draft, why):
                    self._complain(f"Not sent: “{excerpt(draft.content)}”: {why}")
                    self._settle(draft, posted=False)
                case Problem(text):
                    self._complain(text)
                case Notice():
                    pass

    def changed(self) -> None:
        """Programs look at frames."""

    def frame(self, text: str, frame: ServerFrame | None) -> None:
        """Prints it, except messages of the room, which `show` prints in their order."""
        here = isinstance(frame, MessageFrame) and frame.chat_room_id == self._conversation.chat_room_id
        if self._as_json and not here:
            self._print(" ".join(text.splitlines()))

    async def _send_all(self, session: Session, lines: AsyncIterator[str], *, follow: bool) -> None:
        try:
            async for line in lines:
                if content := line.strip():
                    await self._send(session, content)
        except (OSError, UnicodeError) as error:
            self._complain(f"Standard input cannot be read any further: {_why(error)}")
            return
        if follow:
            await asyncio.Event().wait()

    async def _send(self, session: Session, content: str) -> None:
        if len(content) > CONTENT_CHARACTERS:
            self._complain(f"Not sent: “{excerpt(content)}”: a message has at most {CONTENT_CHARACTERS:,} characters")
            return
        if not _is_text(content):
            self._complain(f"Not sent: “{excerpt(content)}”: it is not UTF-8")
            return
        draft = self._conversation.say(content, time.monotonic())
        settled = self._settled[draft.client_message_id] = asyncio.get_running_loop().create_future()
        session.poke()
        try:
            async with asyncio.timeout(WITHIN_S):
                await settled
        except TimeoutError:
            self._late(draft)
        finally:
            del self._settled[draft.client_message_id]

    def _late(self, draft: Draft) -> None:
        if draft.state is not State.ACCEPTED:
            self._conversation.outbox.discard(draft.client_message_id)
            self._complain(f"Perhaps not sent: “{excerpt(draft.content)}”: no answer within {WITHIN_S:.0f} s")

    def _settle(self, draft: Draft | None, *, posted: bool) -> None:
        settled = self._settled.get(draft.client_message_id) if draft else None
        if settled is not None and not settled.done():
            settled.set_result(posted)

    def _print_message(self, message: MessageFrame) -> None:
        if self._as_json:
            self._print(encode_frame(message).decode())
        elif self._echo:
            self._print(plain(message_lines(message, self._conversation.people.name(message.sender_id))))

    def _print(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()

    def _complain(self, sentence: str) -> None:
        self.failed = True
        self._errors.write(f"kaiwa: {sentence}\n")
        self._errors.flush()


async def lines_of(source: Iterable[str]) -> AsyncIterator[str]:
    """The lines of a blocking source, few ahead of what is used. Its thread never keeps the program from ending.

    Raises what the source raises, after the lines before it.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | Exception | None] = asyncio.Queue(LINES_AHEAD)

    def put(line: str | Exception | None) -> None:
        asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()

    def read() -> None:
        end: Exception | None = None
        # The loop may be gone while this thread still waits for a line.
        with contextlib.suppress(RuntimeError, asyncio.CancelledError):
            try:
                for line in source:
                    put(line)
            except (OSError, UnicodeError) as error:
                end = error
            put(end)

    threading.Thread(target=read, name="lines", daemon=True).start()
    while (line := await lines.get()) is not None:
        if isinstance(line, Exception):
            raise line
        yield line


def _why(error: OSError | UnicodeError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)


def _is_text(content: str) -> bool:
    """Whether it has no bytes that are no UTF-8, which Python may hand on as halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in content)
