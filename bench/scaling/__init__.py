"""How each cost of Kaiwa's grows: one thing is made larger at a time, everything else stays.

    python -m bench.scaling ─▶ one_gateway.py ─▶ rooms.py ─▶ side_by_side.py ─▶ bench/scaling.md

- growth.py       a figure against a size, and the exponent that fits (pure)
- one_gateway.py  recipients, connections, and a crowd that comes back, at one gateway on a broker
- rooms.py        rooms, people of one room, and a hot room beside quiet ones, through the whole path
- side_by_side.py gateways, and workers
- sizes.py        how far each is taken (pure)
- plots.py        the picture
"""
