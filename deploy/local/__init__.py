"""The local cluster: the real engines and every service as child processes on loopback, no containers.

setup.py        makes .venv from the lock (standard library only; what `make` calls)
jars.py         fetches and checks the engines' jars       java.py   finds Java
kafka.py        how to start Kafka                         dynamodb.py   how to start DynamoDB Local
engines.py      both engines alone, for tests and benchmarks
child.py        one child process, its log and its readiness
reaper.py       ends what a killed supervisor leaves       reaping.py   the supervisor's end of that pipe
ports.py, disk.py, faults.py   what this machine has, and the sentences for when it has not
"""
