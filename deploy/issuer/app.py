"""Composition root of the development issuer."""

from chassis.health import Health
from chassis.http_server import bind, serving
from chassis.logs import get_logger
from chassis.process import Stop
from deploy.issuer.doors import application
from deploy.issuer.id_token import Mint
from deploy.issuer.key_file import load_or_create
from deploy.issuer.settings import DevIssuerSettings

NAME = "issuer"


class IssuerProcess:
    """Answers until it is asked to stop; holds nothing but its key."""

    def __init__(self, settings: DevIssuerSettings, health: Health) -> None:
        self._settings = settings
        self._health = health
        health.set("http", "not listening yet")

    async def run(self, stop: Stop) -> None:
        """Serve keys and tokens; raises SettingsError where the key or the port cannot be had."""
        settings = self._settings
        app = application(mint(settings), settings.path, allow_remote=settings.issuer_allow_remote)
        sock = bind(settings.host, settings.port, setting="KAIWA_PORT")
        async with serving(app, sock):
            self._health.set("http", None)
            get_logger(__name__).info("issuer", issuer=settings.issuer, client_id=settings.audience)
            await stop.wait()


def mint(settings: DevIssuerSettings) -> Mint:
    """What makes the tokens; makes the key file if there is none."""
    return Mint(
        issuer=settings.issuer,
        audience=settings.audience,
        admin_group=settings.admin_group,
        lifetime_s=settings.token_lifetime_s,
        key=load_or_create(settings.issuer_key_file),
    )


def build(settings: DevIssuerSettings, health: Health) -> IssuerProcess:
    """The process; nothing listens yet."""
    return IssuerProcess(settings, health)
