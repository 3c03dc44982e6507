"""The parts of `kaiwa chat`. Pure decisions, thin I/O around them.

Pure (no clock, no socket, no screen):
    conversation.py  one person in one room: what frames, pages and key presses change, and what is to be sent
    happenings.py    what it tells whoever shows it
    timeline.py      one room's messages in order: holes, duplicates, what to fetch
    outbox.py        what was typed and is not in the room yet: sending, accepted, again, refused
    people.py        who is online, who is typing, who has read
    upkeep.py        read marks, typing, the heartbeat: each as rarely as allowed
    returning.py     after a close or a refused handshake: come back, and when
    commands.py      /who, /rooms, /join …          words.py    plain sentences for codes
    render.py        messages as styled lines       status_line.py   the lines around the prompt
    token_claims.py  what a token says of itself
I/O:
    tokens.py        one token for each try, and a new one before it runs out
    http_api.py      history, rooms, presence       room_people.py   asks it who is there
    socket.py        one WebSocket
    session.py       connects them: one room, until quit (link.py: one connection's life; asides.py: commands)
    screen.py        a person's terminal            piped.py    a line in, a message out; --json

    key press ─▶ outbox ─▶ socket ═▶ ACK, MESSAGE ─▶ timeline ─▶ screen
                              hole or reconnect ─▶ GET …/messages?after= ─▶ timeline
"""
