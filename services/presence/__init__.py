"""Who is where (spec 4, 5, 7 and 9): folds chat.connections into connection records and chat.presence.

state.py        pure: an event and a user's state make the next state and its effects
leases.py       pure: leases, ticks and lapses make "this epoch lives" or "it ended, because"
records.py      pure: a batch's effects as one transaction, fenced by the partition's CHECKPOINT
partition.py    one partition: load, fold, write, publish, acknowledge; grace and retirement
loading.py      reads a partition of chat.presence to its end
streams.py      the Faust app: raw events in, acknowledgements back
lease_keeper.py reads chat.gateways and chat.controls; ticks and lapses, where we hold partition 0
app.py          composition root

chat.connections ─▶ Faust ─▶ partition ─▶ table (one transaction) ─▶ chat.presence ─▶ acknowledged
"""
