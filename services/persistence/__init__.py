"""Persistence: the single writer of a room. Decides, commits to the table, then emits the fact (spec 3, 5, 8 and 11).

app.py            composition root: build(settings, health)     __main__.py   the process `persistence`
rooms.py          the handler of chat.submissions               profiles.py   the handler of chat.users
received.py       a submission and its place in the log         last_words.py what can be told of a bad one
decide.py         what becomes of it: one fact and its rows; pure
    case.py · message_rules.py · room_rules.py · refusals.py    the rules
transaction.py    decisions of a room as one fenced write; pure   sizes.py    how big an item is
store.py          reads and the write · cache.py                rooms as this worker left them
checkpoints.py    how far the table is · log_identity.py        whose table it is
api/              the HTTP API, a process of its own

[chat.submissions] ──▶ decide ──▶ one transaction on FENCE ──▶ [chat.rooms]
"""
