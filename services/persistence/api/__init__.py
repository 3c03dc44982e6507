"""The HTTP API (spec 8) and the web page: a process of its own. It reads the table and writes nothing there.

    app.py             composition root: build(settings)       __main__.py   the process `api`
    server.py          the ASGI application: routers, CORS, the guard, OpenAPI
    parts.py           what the endpoints stand on, and how they get at it
    guard.py           body and time limits, errors as problem+json, metrics
    problems.py        refusals with a stable code              openapi.py    the document at /api/openapi.json
    authentication.py  whose request it is                      rates.py      requests per user
    commands.py        a submission, and the wait for its outcome
    records.py         reads of the table                       shapes.py     what request bodies and paths may hold
    answers.py         bodies of answers
    rooms.py · creation.py · participants.py · messages.py · users.py · outcomes.py    the endpoints
    callers.py         their first step: who asks              trace.py      the traceparent of events
    presence.py        who is online, from chat.presence
    page.py            the web page, /config.json               sign_in.py    the local issuer's doors (development)

    GET  ──▶ records.py ──▶ table (consistent reads)
    POST ──▶ commands.py ──▶ [chat.submissions] or [chat.users] ──▶ persistence ──▶ COMMAND#… OUTCOME ──▶ the answer

What may be done is decided by persistence, at the event's place in the log; the API checks shapes and sizes.
"""
