"""Answers from the topics: reads them, and can never reach a client (spec 12).

`fold.py` turns facts and profile events into exactly the rows that the table holds; pure.
"""
