"""The invariants of the live table, looked at in passing: at a rate that costs it little, once or again and again.

invariants.py   what must hold of rows; pure
epochs.py       which gateways have ended; pure
known.py        which events there are, for every row must have one (a file that goes away)
check.py        one round: the log, then the table, and a second look at whatever seems wrong
metrics.py      what a round found
"""
