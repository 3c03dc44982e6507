"""What Kaiwa costs beside the systems it stands next to, and figures of a cluster of its own, on this machine.

    python -m bench ─▶ beside.py (comparison/, peers/, load/) ─▶ own.py ─▶ report.py
    own.py ─▶ startup.py ─▶ memory.py ─▶ latency.py (and legs.py) ─▶ comparison/path.py ─▶ steady.py ─▶ sections.py

- beside.py     the comparison as part of the run
- load/         the load generator, in C
- peers/        the systems of the comparison
- comparison/   what is measured of each, the figures to reach, tables and plots
- own.py        Kaiwa's own figures
- cluster.py    a cluster of one's own, started and stopped with the `kaiwa` command
- guests.py     people who sign in, make rooms, connect, send and note when each frame came
- machine.py    cores, load, CPU seconds and resident memory of processes
- figures.py    percentiles (pure)
- deliveries.py who should have got what, and what came instead (pure)
- startup.py    from the command to ready, and to the first delivered message
- memory.py     resident memory at rest
- latency.py    one message at a time: from sending to receipt by another
- legs.py       where that time goes: the log's own times, and what the processes counted
- spans.py      the same from traces; collector.py takes them
- steady.py     messages at a steady rate, each delivery checked
- sections.py   results as tables (pure)
- report.py     the tables on the screen and the file
- scaling/      how each cost grows: a command of its own

Nothing here knows the inside of a process: only cluster.json, the sockets, the HTTP API, the topics and the metrics.
"""
