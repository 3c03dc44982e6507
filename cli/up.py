"""`kaiwa up`: the local cluster, in the foreground or behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import detach
from cli.cluster import DEFAULT_DIRECTORY, read_cluster
from cli.progress import StartBar, lasting, summary
from deploy.local.addresses import MOST_GATEWAYS
from deploy.local.fetch import fetch_engines
from deploy.local.options import Options, Screen
from deploy.local.processes import Cluster
from deploy.local.up import bring_up


def up(
    directory: Annotated[
        Path, typer.Option("--dir", help="where the cluster keeps its data, logs and cluster.json")
    ] = DEFAULT_DIRECTORY,
    detached: Annotated[
        bool, typer.Option("--detach", help="return as soon as all is ready; `kaiwa down` stops it")
    ] = False,
    port_base: Annotated[
        int | None,
        typer.Option(
            min=1024, max=65_400, help="first port of the block; a taken one is an error (default: a free block)"
        ),
    ] = None,
    gateways: Annotated[int, typer.Option(min=1, max=MOST_GATEWAYS, help="how many gateways")] = 1,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="table in memory, nothing kept; what an earlier run kept is left alone")
    ] = False,
    report_to: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the local cluster: Kafka, DynamoDB Local, the issuer and every service, with four users and a room.

    Ctrl-C stops it in good order, a second one at once. A process that dies is started again after 1, 2, 4… seconds;
    five deaths within a minute stop everything. The first start downloads Kafka and DynamoDB Local into your cache
    folder.

    Everything listens on loopback, but for DynamoDB Local, which knows no such setting and takes any credentials: it
    gets a random port; do not run it in a network that you do not trust.
    """
    options = Options(directory, port_base, gateways, ephemeral)
    if report_to is not None:
        detach.supervise(options, report_to)
        return
    fetch_engines()
    if detached:
        _behind(options)
    else:
        _in_front(options)


def _in_front(options: Options) -> None:
    bar = StartBar()

    def ready(_: Cluster) -> None:
        bar.close()
        out = lasting(sys.stdout)
        out.write(summary(read_cluster(options.folder, {}), detached=False))
        out.flush()

    try:
        bring_up(options, Screen(bar.step, bar.say, ready))
    finally:
        bar.close()


def _behind(options: Options) -> None:
    bar = StartBar()
    try:
        detach.launch(options, bar.step, bar.say)
    finally:
        bar.close()
    sys.stdout.write(summary(read_cluster(options.folder, {}), detached=True))
