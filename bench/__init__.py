"""What Kaiwa measures of itself: absolute figures of a cluster of its own on this machine, and the conditions.

    python -m bench ─▶ startup.py ─▶ memory.py ─▶ latency.py (and legs.py) ─▶ steady.py ─▶ sections.py, report.py

- cluster.py    a cluster of one's own, started and stopped with the `kaiwa` command
- guests.py     people who sign in, make rooms, connect, send and note when each frame came
- machine.py    cores, load, CPU seconds and resident memory of processes
- figures.py    percentiles (pure)
- deliveries.py who should have got what, and what came instead (pure)
- startup.py    from the command to ready, and to the first delivered message
- memory.py     resident memory at rest
- latency.py    one message at a time: from sending to receipt by another
- legs.py       where that time goes: the log's own times, and what the processes counted
- steady.py     messages at a steady rate, each delivery checked
- sections.py   results as tables (pure)
- report.py     the tables on the screen and the file

Nothing here knows the inside of a process: only cluster.json, the sockets, the HTTP API, the topics and the metrics.
"""
