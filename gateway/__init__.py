"""The only process that holds sockets, and it holds nothing else: no table, no rooms, no history.

The door      protocol.py (uvicorn's protocol) · websocket_core.py · server.py · handshake.py · lifecycle.py
              refusals.py
In            requests.py (which route) · routes.py (the table) · marks.py · refresh.py · submit.py (the only way into
              Kafka) · in_flight.py · intervals.py · rates.py
Out           back_door.py (uvicorn's protocol) · connection_api.py · connection_paths.py · api_bodies.py · sigv4*.py
              forwarding.py · bulk.py
              deliver.py · outbox.py · answers.py
A connection  connection.py · registry.py · limits.py (pure), upkeep.py, wheel.py · endings.py · departures.py
The process   settings.py · assembly.py, app.py (composition root) · leases.py · epochs.py · controls.py · drain.py
              descriptors.py · metrics.py · tracing.py

    browser ─▶ protocol ─▶ routes ─▶ submit ─▶ [chat.submissions]          lifecycle, endings ─▶ [chat.connections]
    browser ◀─ protocol ◀─ outbox ◀─ deliver ◀─ connection_api ◀─ fan-out  leases ─▶ [chat.gateways] ─▶ epochs
                                                                           [chat.controls] ─▶ controls
"""
