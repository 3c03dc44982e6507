"""Who is where (spec 4, 5, 7 and 9): folds chat.connections into connection records and chat.presence.

app.py          composition root: build(settings, health)     __main__.py   the process `presence`
stream.py       the Faust app: raw events in, offsets out     holding.py    the partitions that are ours
partition.py    one partition: plan, write, publish, done; grace and retirement
    received.py · state.py · plan.py    what an event means, what becomes of a user, what a batch asks for; pure
    records.py · fence.py               both records of a connection; the CHECKPOINT that keeps zombies out
    users.py · orders.py                the users in memory; what others are asked to do
    insist.py · parts.py                waiting for what is away; the doors to the world
leases.py       which epochs live; pure     lease_keeper.py   reads them, ticks, and tells who lapsed

chat.connections ─▶ Faust ─▶ partition ─▶ table (one transaction) ─▶ chat.presence ─▶ offset committed
                       ▲         │
                       └─retired─┘
"""
