"""A person's terminal: messages scroll by, the line being typed stays below them, the status below that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style

from cli.terminal.asides import Asides
from cli.terminal.commands import ARGUMENTS, Command, Mistake, Say, parse
from cli.terminal.conversation import Conversation
from cli.terminal.happenings import Happening, Notice, NotSent, Problem, Shown
from cli.terminal.render import Line, day_line, message_lines, notice_line, problem_line
from cli.terminal.session import Session
from cli.terminal.status_line import draft_lines, excerpt, prompt_line, status
from contracts.server_frames import ServerFrame

REDRAW_S = 1.0
STYLE = Style.from_dict({"bottom-toolbar": "noreverse bg:ansibrightblack fg:ansiwhite"})


class Screen:
    """A View for people."""

    def __init__(self, conversation: Conversation, *, keys: Input | None = None, output: Output | None = None) -> None:
        self._conversation = conversation
        self._session: Session | None = None
        self._output = output
        self._prompt: PromptSession[str] = PromptSession(
            message=self._above_cursor,
            bottom_toolbar=self._below_cursor,
            style=STYLE,
            multiline=True,
            prompt_continuation="… ",
            key_bindings=_keys(),
            completer=WordCompleter(list(ARGUMENTS), sentence=True),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            erase_when_done=True,
            refresh_interval=REDRAW_S,
            input=keys,
            output=output,
        )
        self._prompt.default_buffer.on_text_changed += self._typed

    async def run(self, session: Session) -> str | None:
        """Talks until /quit, Ctrl-C or Ctrl-D (None), or until the session ends (why)."""
        self._session = session
        connection = asyncio.create_task(session.run())
        typing = asyncio.create_task(self._converse(session))
        try:
            with patch_stdout(raw=True):
                await asyncio.wait((connection, typing), return_when=asyncio.FIRST_COMPLETED)
                return connection.result() if connection.done() else typing.result()
        finally:
            for task in (connection, typing):
                task.cancel()
            await asyncio.gather(connection, typing, return_exceptions=True)

    def show(self, happenings: Sequence[Happening]) -> None:
        """Prints them above the prompt, in order, at once."""
        lines = [line for happening in happenings for line in self._lines(happening)]
        text = [fragment for line in lines for fragment in [*line, ("", "\n")]]
        if text:
            print_formatted_text(FormattedText(text), end="", style=STYLE, output=self._output)

    def changed(self) -> None:
        """Draws what is around the prompt again."""
        self._prompt.app.invalidate()

    def frame(self, text: str, frame: ServerFrame | None) -> None:
        """People see what frames mean."""

    async def _converse(self, session: Session) -> None:
        asides = Asides(session)
        while True:
            try:
                meaning = parse(await self._prompt.prompt_async())
            except (EOFError, KeyboardInterrupt):
                return
            if meaning == Command("/quit"):
                return
            await self._obey(meaning, session, asides)

    async def _obey(self, meaning: Say | Command | Mistake | None, session: Session, asides: Asides) -> None:
        match meaning:
            case Say(content):
                self._conversation.say(content, time.monotonic())
                session.hurry()
                session.poke()
            case Command():
                self.show(await asides.answer(meaning))
            case Mistake(why):
                self.show([Problem(why)])

    def _lines(self, happening: Happening) -> list[Line]:
        match happening:
            case Shown(message, before):
                day = day_line(before, message)
                name = self._conversation.people.name(message.sender_id)
                return [*([day] if day else []), *message_lines(message, name)]
            case NotSent(draft, why):
                return [problem_line(f"Not sent: “{excerpt(draft.content)}”: {why}")]
            case Notice(text):
                return [notice_line(text)]
            case Problem(text):
                return [problem_line(text)]
        return []

    def _above_cursor(self) -> FormattedText:
        drafts = draft_lines(self._conversation.outbox.drafts, self._conversation.chat_room_id)
        return FormattedText([fragment for line in [*drafts, prompt_line(self._conversation.me)] for fragment in line])

    def _below_cursor(self) -> FormattedText:
        session = self._session
        connected, retry_at = (session.connected, session.retry_at) if session else (False, None)
        return FormattedText(status(self._conversation, time.monotonic(), connected=connected, retry_at=retry_at))

    def _typed(self, _: object) -> None:
        text = self._prompt.default_buffer.text
        if self._session and text and not text.startswith("/"):
            self._conversation.typed(time.monotonic())
            self._session.poke()


def _keys() -> KeyBindings:
    """Enter sends; Alt-Enter (or Escape, Enter) begins a new line."""
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
