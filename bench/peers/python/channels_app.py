"""Django Channels over Redis: one group, what comes in goes to everybody."""

import os
from typing import Any

import django
from django.conf import settings

# Without the first, redis-py caps its pool at 100 connections; its own read timeout is as long as the layer's blocking
# read, and an idle consumer would lose that race.
REDIS = {"address": os.environ["REDIS_URL"], "max_connections": 20_000, "socket_timeout": None}
LAYER = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS]}}

settings.configure(
    SECRET_KEY="bench" * 10,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": LAYER},
    ROOT_URLCONF=__name__,
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 (after django.setup, as Channels wants it)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

urlpatterns: list[Any] = []


class Everybody(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add("bench", self.channel_name)
        await self.accept()
        await self.send(text_data="ready")

    async def disconnect(self, code: int) -> None:  # noqa: ARG002
        await self.channel_layer.group_discard("bench", self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        await self.channel_layer.group_send("bench", {"type": "group.text", "text": text_data})

    async def group_text(self, event: dict[str, str]) -> None:
        await self.send(text_data=event["text"])


app = ProtocolTypeRouter({"websocket": URLRouter([path("ws", Everybody.as_asgi())])})
