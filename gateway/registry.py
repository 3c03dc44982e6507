"""Which connections there are, by id and by user; the opening ones too, since a push may be early (spec 2)."""

from collections.abc import Iterable, Iterator

from gateway.connection import Connection


class Registry:
    """All connections of this process that have not ended."""

    def __init__(self) -> None:
        self._by_id: dict[str, Connection] = {}
        self._by_user: dict[str, dict[str, Connection]] = {}
        self.get = self._by_id.get
        """The connection of an id, or None: gone, or never here."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Connection]:
        """Those there were at the start of the iteration."""
        return iter(list(self._by_id.values()))

    def add(self, connection: Connection) -> None:
        """From now on pushes find it."""
        self._by_id[connection.id] = connection
        self._by_user.setdefault(connection.user_id, {})[connection.id] = connection

    def remove(self, connection: Connection) -> bool:
        """From now on it is gone; False if it was."""
        if self._by_id.pop(connection.id, None) is None:
            return False
        siblings = self._by_user[connection.user_id]
        del siblings[connection.id]
        if not siblings:
            del self._by_user[connection.user_id]
        return True

    def unknown(self, connection_ids: Iterable[str]) -> list[str]:
        """Those of them that are not here."""
        by_id = self._by_id
        return [connection_id for connection_id in connection_ids if connection_id not in by_id]

    def of_user(self, user_id: str) -> list[Connection]:
        """All connections of a user here."""
        return list(self._by_user.get(user_id, {}).values())
