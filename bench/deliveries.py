"""Who should have got what, and what came instead (spec 3): each message once, `seq` without a hole. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Verdict:
    """Over all connections."""

    expected: int
    delivered: int
    missing: int
    doubled: int
    strangers: int
    """Deliveries of what this connection was not to get."""
    out_of_order: int
    """Places where `seq` is not one more than before."""

    @property
    def is_perfect(self) -> bool:
        """Each delivery once, in order."""
        return not (self.missing or self.doubled or self.strangers or self.out_of_order)


def judge(owed: Iterable[tuple[Sequence[str], Sequence[tuple[str, int]]]]) -> Verdict:
    """For each connection: the keys it is owed, and the (key, seq) it got, in the order they came."""
    totals: Counter[str] = Counter()
    for keys, got in owed:
        came, wanted = Counter(key for key, _ in got), set(keys)
        totals["expected"] += len(wanted)
        totals["delivered"] += len(got)
        totals["missing"] += len(wanted - came.keys())
        totals["doubled"] += sum(count - 1 for count in came.values())
        totals["strangers"] += len(came.keys() - wanted)
        totals["out_of_order"] += sum(later != earlier + 1 for (_, earlier), (_, later) in pairwise(got))
    names = ("expected", "delivered", "missing", "doubled", "strangers", "out_of_order")
    return Verdict(**{name: totals[name] for name in names})
