"""What one gateway costs: `python -m bench.gateway`, on a broker of its own, with every neighbour absent.

- alone.py      a Kafka, an issuer's keys, one `python -m gateway`; clients that only open, read and answer pings
- handshakes.py CPU of a handshake, and of a refused one
- located.py    its epoch and its connections, from the log
- stalled.py    what readers that stopped cost the others
- draining.py   from SIGTERM to the end of the process
"""
