"""Code of the next release, for a process whose PYTHONPATH names this folder: it reads `sendMessage` 2 too."""

from contracts.topics import SUBMISSIONS

_decoders = SUBMISSIONS.decode._decoders
_decoders["sendMessage", 2] = _decoders["sendMessage", 1]
