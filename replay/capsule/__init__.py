"""Capsules: a slice of all topics in one file, and its import into topics of its own (spec 12).

file.py        the format: a manifest, records, an end with a checksum; refusals with their reasons
selection.py   which rooms and users a slice needs, so that folds come to the same
contents.py    leaving out what people wrote
export.py      log ─▶ file          importing.py   file ─▶ topics capsule.NAME.…
"""
