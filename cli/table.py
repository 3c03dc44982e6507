"""`kaiwa table`: the one table of a deployment, created or checked (spec 5 and 13).

Register with `app.command()(table)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from chassis.difference import Difference
from chassis.settings import SettingsError, TableSettings, load
from chassis.table_schema import TableNotReady, check_table, ensure_table
from cli.cluster import DEFAULT_DIRECTORY, NoClusterError, export
from cli.differences import complain, show


def table(
    check: Annotated[bool, typer.Option("--check", help="Change nothing, only compare.")] = False,
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the local cluster.")] = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Create the table where it is missing, and name each difference with the command that mends it.

    Exit code 0: it is as it should be; 1: something differs or does not answer; 2: the settings are wrong.
    """
    try:
        export(directory)
        settings = load(TableSettings)
        created = False if check else ensure_table(settings)
        found = check_table(settings)
    except SettingsError as error:
        complain(str(error), exit_code=2)
    except (BotoCoreError, ClientError) as error:
        complain(f"DynamoDB does not answer as it should: {error}")
    except (NoClusterError, TableNotReady) as error:
        complain(str(error))
    where = settings.dynamodb_endpoint or f"AWS, {settings.region}"
    show(
        "Table", ("table", "where", "state"), [(settings.table, where, _state(created, found))], found, as_json=as_json
    )
    raise typer.Exit(1 if found else 0)


def _state(created: bool, found: list[Difference]) -> str:
    if any(difference.found == "missing" for difference in found):
        return "missing"
    return "differs" if found else "created" if created else "right"
