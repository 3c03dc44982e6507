"""The `kaiwa` command (spec 13).

app.py                  the root: every sub-command, loaded when it is asked for
up.py, down.py, status.py   the local cluster          run.py   one process in the foreground
cluster.py              where a cluster is: cluster.json, and the environment, which wins
topics.py, table.py     create or check what a deployment needs
token.py, chat.py       a token of the local issuer; a terminal client
"""
