"""The fault bench: a cluster under steady load in which everything is killed, paused, cut off, slowed or fooled.

    cluster.py    a cluster of its own, with two of each worker and gates before table and broker
    load.py       the load: people who chat, join, leave, read, come and go, and write down what they see
    crowd.py      thousands more, who only come and go
    journal.py    what they write down
    faults/       what is done to the cluster: small classes with a name, `begin` and `end`
    schedule.py   which fault comes when, alone or in pairs; from a seed
    run.py        one run: load, faults, drain, evidence
    evidence.py   the log and the table as they stand after a run
    oracle/       pure: journal, log and table in, violations out
    report/       figures and plots of a run

`python -m tests.chaos run` and `python -m tests.chaos judge FOLDER`.
"""
