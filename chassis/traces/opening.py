"""Whether a process has traces."""

from chassis.settings import TracesSettings
from chassis.traces.port import Traces


def opened(settings: TracesSettings, process: str, instance_id: str | None) -> Traces | None:
    """The traces of `process`, connected to nothing yet; None where no collector is set.

    Whoever opens them closes them.
    """
    if settings.traces_endpoint is None:
        return None
    # Its imports take 7 MB of memory and a part of a second, which a process without traces does not pay.
    from chassis.traces.export import exporting  # noqa: PLC0415
    from chassis.traces.recorder import Recorder  # noqa: PLC0415

    export = exporting(settings.traces_endpoint, queue_most=settings.traces_queue)
    return Recorder(process, instance_id, settings.traces_ratio, export)


async def close(traces: Traces | None) -> None:
    """Close them where there are any."""
    if traces is not None:
        await traces.close()
