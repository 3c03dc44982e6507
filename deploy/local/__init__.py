"""The local cluster: the real engines and every service as child processes on loopback, no containers.

setup.py -> pip_settings.py     .venv from the lock, standard library only; what `make` calls (relock.py: the locks)
fetch.py -> jars.py, java.py    the engines: downloaded once for all clones, checked by SHA-256
kafka.py, dynamodb.py           how each engine is started and when it takes work
engines.py                      both engines alone, for tests and benchmarks

up.py                           `kaiwa up`: holds home.py (the folder), decides options.py, and runs
  starting.py                     what waits for what; deployment.py (topics, table), seed.py (users, the lobby)
  supervisor.py -> child.py       starts, waits, starts again (restarts.py), stops in order
  processes.py, addresses.py      what each process is told, and its ports
  cluster_file.py, rotation.py    cluster.json; logs that do not grow for ever
reaping.py | reaper.py          a pipe: what a killed supervisor leaves behind ends with it
down.py -> leftovers.py         `kaiwa down`, and what neither of them could end
ports.py, disk.py, faults.py    what this machine has, and the sentences for when it has not
"""
