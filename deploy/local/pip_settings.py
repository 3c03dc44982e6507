"""What this machine tells pip about its network, told to uv as well. Standard library only.

People behind a proxy, a mirror or a certificate of their own have configured pip; uv reads none of that. A setting of
uv's own, where there is one, wins.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Mapping
from pathlib import Path

# pip's option: uv's variable, and what stands between several values there.
_TRANSLATION = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "retries": ("UV_HTTP_RETRIES", " "),
}
# Where pip would install to, or what it would hold versions to: none of it is meant for our own environment.
_NOT_FOR_US = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_CONSTRAINT", "PIP_REQUIRE_VIRTUALENV")


def read(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Tells pip's options in effect, as ``pip config list`` of that Python tells them:
    files first, the environment wins.
    """
    command = [str(python), "-m", "pip", "config", "list"]
    run = subprocess.run(command, capture_output=True, text=True, env=dict(environ), check=False)  # noqa: S603 (our own)
    return parse(run.stdout)


def parse(listing: str) -> dict[str, str]:
    """``global.index-url='…'`` and the like; a later section goes over an earlier one in pip's order."""
    found: dict[str, dict[str, str]] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if option and value.startswith(("'", '"')):
            found.setdefault(section, {})[option] = str(ast.literal_eval(value))
    return {**found.get("global", {}), **found.get("install", {}), **found.get(":env:", {})}


def for_uv(options: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: ``environ`` plus what ``options`` say and uv was not told already."""
    translated = {
        variable: separator.join(options[option].split())
        for option, (variable, separator) in _TRANSLATION.items()
        if options.get(option)
    }
    if "extra-index-url" in options:
        # As pip does: the best version of all indexes, not the first index that knows the name. Hashes guard the rest.
        translated["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**for_pip(environ), **{name: value for name, value in translated.items() if not environ.get(name)}}


def for_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what would send the packages elsewhere than into our environment."""
    return {name: value for name, value in environ.items() if name not in _NOT_FOR_US and name != "VIRTUAL_ENV"}
