"""The table as a fold of the facts (spec 5): the one place where a fact becomes rows.

    view.py       rows that are known, and what is to be written
    rooms.py      a fact of chat.rooms    ──▶ rows
    profiles.py   an event of chat.users  ──▶ rows

Persistence writes what these functions give and replay folds with them, so that the two cannot differ. Pure.
"""
