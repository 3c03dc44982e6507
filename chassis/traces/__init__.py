"""Traces: what one message spends its time on, from the frame to the sockets, as OpenTelemetry tells it.

    frame ─▶ send ─▶ [chat.submissions] ─▶ process ─▶ transaction ─▶ send ─▶ [chat.rooms] ─▶ process ─▶ route, push
                                                                          HTTP ─▶ POST @pushes ─▶ write

What links the legs is the `traceparent` in headers alone (spec 11): each leg begins its span under the one it finds
there and writes its own in its place. Its last digit says whether the trace is recorded; where it is not, a leg does no
more than look.

    traceparent.py   the header (pure)             port.py       spans, and all that may be said in one
    sending.py       records on their way to Kafka receiving.py  records on their way through a handler
    opening.py       whether there are traces: the one place that imports OpenTelemetry, and only then
    recorder.py      the port on its SDK           export.py     the queue to the collector, bounded, and its end
"""
