"""Is the table what the log says: fsck's rounds, repetitions, and what was put aside."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.observability.panels import Panel, Query, board, graph, number, rate


def replay() -> Dashboard:
    """For who asks whether the records are right."""
    return board("kaiwa-replay", "Kaiwa: replay and fsck", [("fsck", _fsck()), ("Repetitions", _repetitions())])


def _fsck() -> list[Panel]:
    return [
        number(
            "Violations of the last round",
            "short",
            "sum(kaiwa_fsck_violations)",
            "More than none: docs/debugging.md, complaint 3.",
        ),
        number(
            "Since the last round",
            "s",
            "time() - max(kaiwa_fsck_last_round_timestamp_seconds)",
            "Empty: `kaiwa replay fsck --watch --metrics-port N` does not run.",
        ),
        graph(
            "Violations by invariant",
            "short",
            [Query("max by (invariant) (kaiwa_fsck_violations)", "{{invariant}}")],
            "Each is named by `kaiwa replay fsck`.",
        ),
        graph(
            "Looked at",
            "ops",
            [Query(rate("kaiwa_fsck_rows_total"), "rows"), Query(rate("kaiwa_fsck_facts_total"), "facts")],
            "As fast as --rate lets it.",
        ),
        graph(
            "How long a round takes",
            "s",
            [
                Query("max(kaiwa_fsck_round_seconds)", "last round"),
                Query("3600 / sum(increase(kaiwa_fsck_rounds_total[1h]))", "mean of the hour, pauses included"),
            ],
            "It grows with the table.",
        ),
    ]


def _repetitions() -> list[Panel]:
    return [
        graph(
            "Facts again",
            "ops",
            [
                Query(rate("kaiwa_facts_emitted_again_total"), "emitted again by persistence"),
                Query(rate("kaiwa_repeated_facts_total"), "dropped by fan-out"),
            ],
            "After crashes and rebalances; clients see none of it.",
        ),
        graph(
            "Dead letters, last day",
            "short",
            [Query("sum by (topic, code) (increase(kaiwa_dead_letters_total[1d]))", "{{topic}} {{code}}")],
            "`kaiwa replay dead-letters list` shows those that wait for somebody.",
        ),
        graph(
            "Unreadable records of wholly-read topics",
            "short",
            [Query("sum by (topic) (increase(kaiwa_tail_bad_records_total[1d]))", "{{topic}}")],
            "Counted by every process that read them, in the last day.",
        ),
        graph(
            "Outcomes that were not published",
            "short",
            [Query("sum(increase(kaiwa_reports_dropped_total[1d]))", "dropped")],
            "chat.deliveries lacks them: `explain` then says that it does not know.",
        ),
    ]
