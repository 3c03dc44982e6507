"""Who is speaking (spec 2): the same rules for the gateway's handshake and the HTTP API.

    issuer.py        whose tokens are believed: one frozen object
    token.py         text → header, claims, what was signed (no key needed)
    jwk.py           a published key → an RSA public key, or none that may be used
    fetch.py         the key set over HTTP: bounded in time and size
    jwks.py          the keys one issuer has published, fetched when one is unknown
    claims.py        claims → Identity (pure)
    verifier.py      all of it: `await verifier.verify(token)`
    revocations.py   whose older tokens are refused (spec 8)
    errors.py        TokenError (401, for good) and KeysUnavailable (503, try again)

    token ─▶ parse ─▶ key by `kid` ─▶ signature ─▶ claims ─▶ Identity

No token, nor any part of one, is in an error, a repr or a log.
"""
