"""Kaiwa's delivery path beside other systems', in one run, with one load generator and one payload.

    systems ─▶ rounds ─▶ measuring (each task) ─▶ taken ─▶ goals, tables, plots

- plan.py       how much is measured (pure)
- target.py     what a running system is to the measurement
- peer.py       a peer of bench/peers
- gateway.py    Kaiwa's gateway alone, on a broker
- path.py       Kaiwa as a whole, on a cluster
- systems.py    all that can run here
- measuring.py  tasks put to one of them: one publication at a time, many at once, at a rate
- idle.py       idle connections: memory, and handshakes
- storing.py    messages stored a second, and the table's own rate
- rounds.py     every system in turn, several times over
- usage.py      CPU and memory of processes, and of everybody else
- taken.py      measurements, and their spread over the rounds (pure)
- goals.py      the figures to reach, and whether they were (pure)
- tables.py     tables (pure) · plots.py  pictures
"""
