"""Recorded submissions decided again, by today's code or another's, each from the state of that time (spec 12).

judge.py    decides; a module of its own, so that it runs in a process with other code as well
bench.py    hands it what it needs, in order, and compares its decisions with the recorded facts
causes.py   differences by their cause; pure
code.py     another tree, or a commit of this one, as a process that judges
"""
