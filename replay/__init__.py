"""Answers from the topics; it reads, and can never reach a client (spec 12).

    fold.py   facts and profile events into exactly the rows that the table holds; pure
"""
