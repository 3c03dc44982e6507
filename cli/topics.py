"""`kaiwa topics`: the topics of a deployment, created or checked, and the table's memory of them (spec 11 and 13).

Register with `app.command()(topics)`.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from botocore.exceptions import BotoCoreError, ClientError

from chassis.difference import Difference
from chassis.log_id import NoTable, OtherLog, ensure_log_id, log_id, read_log_id, require_same_log
from chassis.settings import KafkaSettings, ObservabilitySettings, SettingsError, TableSettings, load
from chassis.topic_ids import TopicIdentity, topic_ids
from chassis.topics import TopicRefused, TopicsNotReady, check_topics, ensure_topics
from cli.cluster import DEFAULT_DIRECTORY, NoClusterError, export
from cli.differences import complain, show
from contracts.topics import BY_NAME


class TopicsSettings(KafkaSettings, TableSettings, ObservabilitySettings):
    """Kafka, the table that remembers its topics, and whether this is production."""


def topics(
    check: Annotated[bool, typer.Option("--check", help="Change nothing, only compare.")] = False,
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the local cluster.")] = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Create the topics that are missing, and name each difference of the others with the command that mends it.

    Exit code 0: all is as it should be; 1: something differs or does not answer; 2: the settings are wrong.
    """
    # It logs what it raises; here everything is said once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        export(directory)
        settings = load(TopicsSettings)
        rows, found = asyncio.run(_all(settings, check=check))
    except SettingsError as error:
        complain(str(error), exit_code=2)
    except KafkaError as error:
        complain(f"Kafka at {settings.kafka_bootstrap} does not answer as it should: {error}")
    except (BotoCoreError, ClientError) as error:
        complain(f"The table {settings.table} does not answer as it should: {error}")
    except (NoClusterError, NoTable, OtherLog, TopicRefused, TopicsNotReady) as error:
        complain(str(error))
    show("Topics", ("topic", "partitions", "id", "state"), rows, found, as_json=as_json)
    raise typer.Exit(1 if found else 0)


async def _all(settings: TopicsSettings, *, check: bool) -> tuple[list[tuple[str, ...]], list[Difference]]:
    created = () if check else await ensure_topics(settings, production=settings.is_production)
    found = await check_topics(settings, production=settings.is_production)
    standing = await topic_ids(settings)
    found += await asyncio.to_thread(_remembered, settings, standing, check=check)
    return [_row(name, standing.get(name), created, found) for name in BY_NAME], found


def _remembered(settings: TableSettings, standing: dict[str, TopicIdentity], *, check: bool) -> list[Difference]:
    """Compares the table's LOG | ID row with the topics, and writes it where there is none."""
    if not set(BY_NAME) <= set(standing):
        return []
    now = log_id(standing)
    if not check:
        ensure_log_id(settings, now)
        return []
    held = read_log_id(settings)
    if held is None:
        return [Difference(settings.table, "LOG | ID", "there", "missing", "kaiwa topics")]
    require_same_log(held, now, settings.table)
    return []


def _row(
    name: str, identity: TopicIdentity | None, created: tuple[str, ...], found: list[Difference]
) -> tuple[str, str, str, str]:
    if identity is None:
        return name, "", "", "missing"
    differs = any(difference.subject == name for difference in found)
    state = "differs" if differs else "created" if name in created else "right"
    return name, str(identity.partitions), identity.id, state
