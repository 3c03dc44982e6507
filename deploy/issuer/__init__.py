"""The development stand-in for Cognito: gives anybody on this machine anybody's token, so never in production.

settings.py    refuses production
key_file.py    the private key, kept between runs
id_token.py    Cognito's claims, signed
people.py      whom the page offers
doors.py       the HTTP surface: keys, discovery, /dev/users, /dev/token
app.py         composition root
client.py      asking for a token (`kaiwa token`, the seed)

kaiwa token alice ─▶ POST {issuer}/dev/token ─▶ token ─▶ gateway ─▶ GET {issuer}/.well-known/jwks.json
"""
