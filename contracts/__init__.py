"""What crosses a process border, and nothing else: pure data that imports nobody of ours.

Where to find what:

    topics.py            the table of topics: key, events, producers, consumers, retention
    envelope.py          what every event carries; encode, decode and the named errors
    connections.py       chat.connections   a socket opened, closed, was retired
    submissions.py       chat.submissions   what people asked for
    facts.py             chat.rooms         what was decided
    users.py             chat.users         profiles
    signals.py           chat.signals       typing
    presence.py          chat.presence      where a user is connected
    gateways.py          chat.gateways      leases and ticks
    controls.py          chat.controls      orders to every gateway
    deliveries.py        chat.deliveries    what became of each push
    headers.py           names of record headers
    client_frames.py     frames a client sends        server_frames.py   frames a client gets
    table.py             keys of the table            rows.py            its records
    connection_api.py    the gateway's back door, as API Gateway speaks it, and the bulk push
    problems.py          stable codes of the HTTP API
    close_codes.py       why a socket was closed, and whether to come back
    ids.py, timestamps.py, limits.py   shapes and figures of the specification
    schema.py            JSON Schema and AsyncAPI, generated and checked
    examples/            one golden file for each event and frame, of every version ever written
"""
