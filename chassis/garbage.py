"""When Python looks for garbage that counting references does not find: seldom, and not among what a start leaves.

As it comes, CPython looks at its youngest objects after every 700 new ones, and from time to time at all there are,
while nobody is served: 0.4 s in a gateway of 3,000 connections (docs/decisions/0091). Almost all of them are there to
stay; what a handshake leaves as garbage is found while it is young.
"""

import gc
from typing import Final

YOUNG: Final = 5_000
"""More new objects than freed ones, and the youngest are looked at: 2 ms of CPU."""
MIDDLE: Final = 10
"""So many times, and those that were found alive once are, too."""
OLD: Final = 20
"""So many times that, and all are."""


def settled() -> None:
    """What there is now, modules above all, is for life: never look at it again, and from now on seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
