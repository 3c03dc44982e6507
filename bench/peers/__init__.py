"""The systems that Kaiwa's delivery path is put beside, set up, started and stopped here, on loopback.

- catalogue.py   which there are, and how each is started
- dialects.py    how a client of each speaks (pure)
- made.py        what is compiled or fetched for them, once
- serving.py     their processes: started, ready, stopped
- python.in, python.lock, python/   python-socketio, Django Channels, their Redis, and the floor on uvloop
- go/            a server on the centrifuge library, and NATS
- serverless/    the source design: serverless-offline
- floor.c        the floor: one prepared frame, one system call for each recipient

Locks: python.lock by `make lock`; go.sum by `go mod tidy`; package-lock.json by `npm install --package-lock-only
--omit-lockfile-registry-resolved`, so that none names a registry.

What is not measured is left as each project ships it: no setting is turned but where one stops the measurement.
"""
