"""What tests of replay do to a cluster: load on its topics, damage to its table, and questions asked in-process."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from msgspec import UNSET

from chassis.bulk_writer import BulkWriter
from chassis.log_id import log_id
from chassis.table import Table
from chassis.topic_ids import topic_ids
from contracts.envelope import encode
from contracts.ids import new_event_id
from contracts.submissions import MarkRead, SendMessage
from contracts.timestamps import iso
from contracts.topics import SUBMISSIONS
from replay.diff import Diff
from replay.differences import Difference
from replay.log import Log
from replay.rebuild import FOLDED, Rebuild, Rebuilt
from replay.settings import ReplaySettings
from replay.tail import Tail
from replay.target import prepare
from tests.people import Town
from tests.waiting import eventually

Row = dict[str, Any]


def settings_of(cluster: Mapping[str, Any], table: str | None = None) -> ReplaySettings:
    return ReplaySettings(
        kafka_bootstrap=cluster["kafkaBootstrap"],
        table=table or cluster["table"],
        dynamodb_endpoint=cluster["dynamodbEndpoint"],
        region=cluster["region"],
        access_key_id=cluster["accessKeyId"],
        secret_access_key=cluster["secretAccessKey"],
    )


def nothing(_done: int, _total: int) -> None:
    return


class Load:
    """So many submissions a second, straight into the topic, from approved users."""

    def __init__(self, cluster: Mapping[str, Any], rooms: Mapping[str, list[str]], per_s: float) -> None:
        self._cluster = cluster
        self._rooms = rooms
        self._per_s = per_s
        self.sent = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        async with AIOKafkaProducer(bootstrap_servers=self._cluster["kafkaBootstrap"], acks="all") as producer:
            task = asyncio.create_task(self._send(producer))
            try:
                yield self
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _send(self, producer: AIOKafkaProducer) -> None:
        while True:
            for _ in range(max(1, round(self._per_s / 20))):
                room = random.choice(list(self._rooms))
                await producer.send(SUBMISSIONS.name, encode(_submission(room, self._rooms[room])), key=room.encode())
                self.sent += 1
            await asyncio.sleep(0.05)


def _submission(room: str, people: list[str]) -> SendMessage | MarkRead:
    shared: dict[str, Any] = {"event_id": new_event_id(), "occurred_at": iso(0), "chat_room_id": room}
    user = random.choice(people)
    if random.random() < 0.2:
        return MarkRead(**shared, user_id=user, seq=random.randrange(1, 2_000))
    key = uuid.uuid4().hex if random.random() < 0.5 else UNSET
    return SendMessage(**shared, sender_id=user, content=uuid.uuid4().hex, client_message_id=key)


class Question:
    """A table made of the log, and what differs from it in the live one."""

    def __init__(self, cluster: Mapping[str, Any], into: str | None = None) -> None:
        self.settings = settings_of(cluster)
        self.into = into or f"again-{uuid.uuid4().hex[:8]}"

    async def rebuild(self, until_ms: int | None = None, *, flush_rows: int = 1_000) -> Rebuilt:
        target = self.settings.of_table(self.into)
        log = await Log.open(self.settings, *FOLDED, SUBMISSIONS)
        await asyncio.to_thread(prepare, target, self.settings, log_id(await topic_ids(self.settings)))
        async with Table(target) as reads, BulkWriter(target) as writer:
            return await Rebuild(log, reads, writer, nothing, flush_rows=flush_rows).run(until_ms)

    async def diff(self, *, live: bool = True, settle_s: float = 15.0) -> tuple[list[Difference], Diff]:
        log = await Log.open(self.settings, *FOLDED, SUBMISSIONS)
        async with Table(self.settings.of_table(self.into)) as base, Table(self.settings) as compared:
            tail = Tail(log, base) if live else None
            if tail is not None:
                await tail.open()
            try:
                walk = Diff(log, base, compared, tail, settle_s=settle_s)
                return [one async for one in walk.run()], walk
            finally:
                if tail is not None:
                    tail.close()


class Vandal:
    """Damages rows of the live table; each act returns the key of the row that differs from then on."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._table = town.table()

    async def rows(self, pk: str, start: str = "") -> list[Row]:
        return await self._town.rows(pk, start)

    async def deletes_a_message(self, room: str) -> str:
        row = random.choice(await self.rows(f"CHATROOM#{room}", "MESSAGE#"))
        await self._delete(row)
        return name(row)

    async def alters_a_message(self, room: str) -> str:
        row = random.choice(await self.rows(f"CHATROOM#{room}", "MESSAGE#"))
        await self._put(row | {"content": {"S": "never said"}})
        return name(row)

    async def invents_a_message(self, room: str) -> str:
        row = random.choice(await self.rows(f"CHATROOM#{room}", "MESSAGE#"))
        made = row | {"SK": {"S": f"MESSAGE#1700000000000#{uuid.uuid4()}"}, "seq": {"N": "0"}}
        await self._put(made)
        return name(made)

    async def forgets_a_membership(self, room: str, user: str) -> str:
        (row,) = await self.rows(f"USER#{user}", f"CHATROOM#{room}")
        await self._delete(row)
        return name(row)

    async def loses_half_a_connection(self, user: str) -> str:
        row = (await self.rows(f"USER#{user}", "CONNECTION#"))[0]
        await self._delete(row)
        return name(row)

    async def loses_the_other_half(self, user: str) -> str:
        row = (await self.rows(f"USER#{user}", "CONNECTION#"))[0]
        (other,) = await self.rows(row["SK"]["S"])
        await self._delete(other)
        return name(other)

    async def sets_back_the_last_message(self, room: str) -> str:
        (last,) = await self.rows(f"CHATROOM#{room}", "LASTMESSAGE")
        old = (await self.rows(f"CHATROOM#{room}", "MESSAGE#"))[0]
        taken = {field: old[field] for field in ("messageId", "senderId", "seq", "position")}
        await self._put(last | taken | {"lastMessage": old["content"], "lastMessageAt": old["createdAt"]})
        return name(last)

    async def changes_a_profile(self, user: str) -> str:
        (row,) = await self.rows(f"USER#{user}", "PROFILE")
        await self._put(row | {"verificationStatus": {"S": "rejected"}})
        return name(row)

    async def _put(self, row: Row) -> None:
        await asyncio.to_thread(self._table.put_item, TableName=self._town.cluster["table"], Item=row)

    async def _delete(self, row: Row) -> None:
        key = {"PK": row["PK"], "SK": row["SK"]}
        await asyncio.to_thread(self._table.delete_item, TableName=self._town.cluster["table"], Key=key)


async def known_person(town: Town, user: str) -> str:
    """A user with a profile in the table, however busy the machine is."""
    fields = {"displayName": user.title(), "verificationStatus": "approved"}
    code, answer = await town.call("root", "PUT", f"/api/users/{user}/profile", fields, admin=True)
    assert code in {200, 202}, answer
    await eventually(lambda: town.rows(f"USER#{user}", "PROFILE"), within_s=60)
    return user


async def known_room(town: Town, *people: str) -> str:
    """A room in the table, however busy the machine is."""
    room = f"r-{uuid.uuid4().hex[:10]}"
    body = {"name": room, "chatRoomId": room, "participantIds": list(people[1:])}
    code, answer = await town.call(people[0], "POST", "/api/rooms", body)
    assert code in {200, 201, 202}, answer
    await eventually(lambda: town.rows(f"CHATROOM#{room}", "METADATA"), within_s=60)
    return room


def name(row: Row) -> str:
    return f"{row['PK']['S']} | {row['SK']['S']}"


def named(one: Difference) -> str:
    return f"{one.key.pk} | {one.key.sk}"
