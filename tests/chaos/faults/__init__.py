"""What is done to a cluster under load, each a small class with a name, a target, `begin` and `end`.

fault.py      the port, and what all share
processes.py  kill -9, SIGSTOP, SIGTERM, power cut, rolling restart, rebalances, a clock that is wrong
away.py       Kafka away, the table away, a worker cut off from one of them
table.py      a table that is slow, throttles, conflicts, or applies a write and loses the answer
poison.py     records that are bad in themselves, in each topic
versions.py   events that older code wrote, an event that newer code wrote
exhausted.py  no room on the disk, no more open files
crowds.py     clients that vanish, stop reading, come all at once, by the thousand
catalog.py    all of them, with how often each is drawn
"""
