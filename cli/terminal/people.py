"""Who is online, who is typing, who has read (spec 3 and 9). Pure: times are seconds of any one clock."""

from __future__ import annotations

from contracts.server_frames import PresenceFrame

TYPING_SHOWN_S = 5.0


class People:
    """The people of one room, as far as frames and the HTTP API told."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._names: dict[str, str] = {}
        self._online: dict[str, tuple[int, bool]] = {}
        self._typing_until: dict[str, float] = {}
        self._read: dict[str, int] = {}

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody in the room, by name."""
        return tuple(sorted(self._names, key=lambda user_id: self.name(user_id).lower()))

    @property
    def online(self) -> tuple[str, ...]:
        """Who of them is online; oneself is, since somebody sees this."""
        return tuple(user_id for user_id in self.members if self.is_online(user_id))

    def is_online(self, user_id: str) -> bool:
        """Whether a user is online, as far as is known."""
        return user_id == self._me or self._online.get(user_id, (0, False))[1]

    def name(self, user_id: str) -> str:
        """The display name, or the id of somebody who has none."""
        return self._names.get(user_id, user_id)

    def are(self, names: dict[str, str]) -> None:
        """These are all the people of the room now: id to display name."""
        self._names = dict(names)

    def come(self, user_ids: tuple[str, ...]) -> None:
        """Some were added; their names are asked for later."""
        self._names.update({user_id: user_id for user_id in user_ids if user_id not in self._names})

    def go(self, user_ids: tuple[str, ...]) -> None:
        """Some were removed."""
        for user_id in user_ids:
            self._names.pop(user_id, None)
            self._read.pop(user_id, None)

    def presence(self, frame: PresenceFrame) -> bool:
        """Somebody came or went; True if that changes what is shown. A version that is not newer is ignored."""
        held, was = self._online.get(frame.user_id, (-1, False))
        if frame.version <= held:
            return False
        self._online[frame.user_id] = frame.version, frame.status == "online"
        return frame.user_id in self._names and was != (frame.status == "online") and frame.user_id != self._me

    def typing(self, user_id: str, now: float) -> None:
        """Somebody is writing: shown for 5 s, there is no stop."""
        if user_id != self._me:
            self._typing_until[user_id] = now + TYPING_SHOWN_S

    def wrote(self, user_id: str) -> None:
        """What was being written is there."""
        self._typing_until.pop(user_id, None)

    def typing_at(self, now: float) -> tuple[str, ...]:
        """Who is writing."""
        self._typing_until = {user_id: until for user_id, until in self._typing_until.items() if until > now}
        return tuple(self._typing_until)

    def typing_ends_at(self) -> float | None:
        """When the next one is no longer shown as writing."""
        return min(self._typing_until.values(), default=None)

    def read(self, user_id: str, seq: int) -> None:
        """Somebody has read up to `seq`; it only moves forward."""
        self._read[user_id] = max(seq, self._read.get(user_id, 0))

    def readers(self, seq: int) -> tuple[str, ...]:
        """Who of the others has read `seq`."""
        return tuple(user_id for user_id in self.members if user_id != self._me and self._read.get(user_id, 0) >= seq)
