"""The process `probe`: a real message between two real connections each 10 s, through the public doors, as users do.

    settings ─▶ tokens.py ─▶ room.py (HTTP API: who the two are, a room of their own)
                     └─────▶ line.py (one WebSocket each) ─▶ exchange.py: send, await ACK and MESSAGE ─▶ metrics.py
                                                                 app.py: again and again, and after a failure anew

It knows nothing of the inside: no Kafka, no table, no connection API. What it cannot do, users cannot do either.
settings.py · failures.py (what can go wrong, as the metric's `outcome`) · app.py (composition root) · __main__.py
"""
