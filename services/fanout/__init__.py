"""Fan-out: turns each fact into one ordered push per gateway, and tells the log what became of it (spec 3, 6 and 9).

    chat.rooms, chat.signals ─▶ worker.py ─▶ dispatch.py ─▶ outlet.py ─▶ push.py ─▶ a gateway's connection API
    chat.presence ─────────────────────────▶    │                      │
    chat.gateways, chat.controls ──────────▶ gateways.py               └▶ chat.deliveries, chat.connections

What is decided (pure):
    route.py          which frame a fact or a signal becomes, and for whom
    membership.py     who is in a room           locations.py    where a user is connected
    ahead.py          who was in it before a fact that the table is ahead of
    behind.py         which facts stand before the place of a takeover already
    stretch.py        the facts that both of these read in the log
    window.py         frames of the last 60 s    gateways.py     which epochs live, and where
    dispatch.py       routes facts and catches up connections; never awaits, so there is one order of things
    partition.py      what is held of a partition            takeover.py    where it is read from
    gateway_queue.py  what waits for one gateway             outcomes.py    what is told of an answer
    delivery.py       what one batch still waits for

What speaks to others:
    worker.py         the run loop's handler     holdings.py     its hooks: partitions come and go
    push.py           one request under way for each epoch   push_client.py   HTTP, signed
    outlet.py         all roads out              reports.py      outcomes that no batch waits for
    log_peek.py       single places of the log
    settings.py · metrics.py · app.py (composition root) · __main__.py
"""
