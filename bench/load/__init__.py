"""The load generator: one thread of C on epoll, cheap enough not to be the limit.


- load.h, main.c, wire.c, tally.c   the program: connects, publishes, counts and checks each delivery, in order
- prepared.py                       what it is given: frames, payloads, files of blobs (pure)
- outcome.py                        what it answers (pure)
- generator.py                      the program, run and spoken to

It knows no protocol but WebSocket: handshakes, greetings and publications come ready made from whoever knows the
system. Its own CPU stands beside each figure.
Open loop: a latency counts from when its publication was to be sent, so a stall is not hidden.
"""
