"""What a PromQL expression asks for: its series and their labels, by an outside parser."""

from collections.abc import Iterator
from typing import NamedTuple

import promql_parser

ADDED = frozenset({"job", "instance"})
"""Labels that Prometheus puts on every series."""


class Asked(NamedTuple):
    """One selector."""

    series: str
    labels: frozenset[str]


def asked(expression: str) -> list[Asked]:
    """Every selector in `expression`; raises ValueError if it is not PromQL."""
    found: list[Asked] = []

    def visit(node: promql_parser.Expr) -> bool:
        vector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(vector, promql_parser.VectorSelector):
            found.append(Asked(str(vector.name), frozenset(matcher.name for matcher in vector.matchers.matchers)))
        return True

    promql_parser.walk(promql_parser.parse(expression), pre_visit=visit)
    return list(dict.fromkeys(found))


def grouped(expression: str) -> Iterator[tuple[frozenset[str], list[Asked]]]:
    """For each aggregation its labels, and what it aggregates."""
    groups: list[tuple[frozenset[str], list[Asked]]] = []

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            groups.append((frozenset(node.modifier.labels), asked(node.expr.prettify())))
        return True

    promql_parser.walk(promql_parser.parse(expression), pre_visit=visit)
    yield from groups
