"""Command groups whose commands are imported when they are asked for, so that each starts fast."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperGroup


def lazy_group(commands: Mapping[str, str]) -> type[TyperGroup]:
    """A group of these commands: name to the module that holds it, as `app` (a Typer) or as a function of its name.

    Dashes in a name are underscores in the function's. (Typer keeps click's classes to itself, hence the types.)
    """

    class LazyCommands(TyperGroup):
        """Commands are imported by name."""

        def list_commands(self, ctx: Any) -> list[str]:
            """Every command, in the order in which one meets them."""
            del ctx
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The command, or None if there is none of this name."""
            del ctx
            if cmd_name not in commands:
                return None
            try:
                module = importlib.import_module(commands[cmd_name])
            except ModuleNotFoundError as error:
                if error.name != commands[cmd_name]:
                    raise
                return None
            command = _command(module, cmd_name)
            command.name = cmd_name
            return command

    return LazyCommands


def _command(module: ModuleType, name: str) -> Any:
    found: Any = getattr(module, "app", None)
    if found is None:
        found = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        found.command()(getattr(module, name.replace("-", "_")))
    return typer.main.get_command(found)
