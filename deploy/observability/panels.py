"""The few kinds of panels that the dashboards are made of. Every query asks the data source that the reader chose."""

from collections.abc import Iterable, Sequence
from itertools import count
from string import ascii_uppercase
from typing import NamedTuple, TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import BigValueColorMode, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
RATE = "$__rate_interval"
_WIDTH, _HEIGHT = 8, 8
_NUMBER_WIDTH, _NUMBER_HEIGHT = 4, 4


class Query(NamedTuple):
    """One query of a panel."""

    expression: str
    legend: str = ""


Panel = timeseries.Panel | stat.Panel
AnyPanel = TypeVar("AnyPanel", timeseries.Panel, stat.Panel)


def graph(title: str, unit: str, queries: Sequence[Query], what: str) -> timeseries.Panel:
    """Lines over time; `unit` is Grafana's name of it (s, bytes, ops, short), `what` tells the reader what to see."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel = timeseries.Panel().title(title).unit(unit).description(what).min(0).fill_opacity(8).legend(legend)
    return _asked(panel.span(_WIDTH).height(_HEIGHT), queries)


def number(title: str, unit: str, expression: str, what: str) -> stat.Panel:
    """One figure, as it is now."""
    newest = common.ReduceDataOptions().calcs(["lastNotNull"])
    panel = stat.Panel().title(title).unit(unit).description(what).color_mode(BigValueColorMode.NONE)
    panel = panel.reduce_options(newest)
    return _asked(panel.span(_NUMBER_WIDTH).height(_NUMBER_HEIGHT), [Query(expression)])


def rate(metric: str, by: str = "", where: str = "") -> str:
    """How often a second, over all replicas, by labels."""
    return _summed(f"rate({metric}{where}[{RATE}])", by)


def total(metric: str, by: str = "") -> str:
    """A gauge over all replicas, by labels."""
    return _summed(metric, by)


def quantiles(metric: str, by: str = "") -> list[Query]:
    """Median and 99th percentile of a histogram over all replicas, by one label."""
    labels = f"le, {by}" if by else "le"
    name = f"{{{{{by}}}}} " if by else ""
    return [
        Query(f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket[{RATE}])))", f"{name}{legend}")
        for q, legend in (("0.5", "p50"), ("0.99", "p99"))
    ]


def board(uid: str, title: str, rows: Iterable[tuple[str, Sequence[Panel]]]) -> dashboard.Dashboard:
    """A dashboard of rows; read-only, since the file is made from code."""
    source = dashboard.DatasourceVariable("source").label("Data source").type("prometheus")
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags(["kaiwa"])
        .readonly()
        .refresh("30s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(source)
    )
    numbers = count(1)
    for name, panels in rows:
        made = made.with_row(dashboard.Row(name).id(next(numbers)))
        for panel in panels:
            made = made.with_panel(panel.id(next(numbers)))
    return made


def _summed(expression: str, by: str) -> str:
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"


def _asked(panel: AnyPanel, queries: Sequence[Query]) -> AnyPanel:
    panel = panel.datasource(SOURCE)
    for letter, (expression, legend) in zip(ascii_uppercase, queries, strict=False):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(letter)
        panel = panel.with_target(query.datasource(SOURCE))
    return panel
