"""The parts of `kaiwa chat`. Pure decisions, thin I/O around them.

Pure (no clock, no socket, no screen):
    timeline.py      one room's messages in order: holes, duplicates, what to fetch
    outbox.py        what was typed and is not in the room yet: sending, accepted, again, refused
    people.py        who is online, who is typing, who has read
    returning.py     after a close or a refused handshake: come back, and when
    commands.py      /who, /rooms, /join …          words.py    plain sentences for codes
    render.py        messages as styled lines       token_claims.py   what a token says of itself
I/O:
    addresses.py     where the cluster is, whose token
    http_api.py      history, rooms, presence       socket.py   one WebSocket
    session.py       connects them: one room, until quit (link.py: one connection's life; asides.py: commands)
    screen.py        a person's terminal            piped.py    a line in, a message out; --json

    key press ─▶ outbox ─▶ socket ═▶ ACK, MESSAGE ─▶ timeline ─▶ screen
                              hole or reconnect ─▶ GET …/messages?after= ─▶ timeline
"""
