"""Eyes on all of it: what every process measures, what is drawn of it, and what wakes somebody up.

catalogue.py       every metric of the code, with the processes that move it
metrics_page.py    writes docs/metrics.md from it
panels.py          the few kinds of panels
dashboards.py      writes grafana/dashboards/ from overview.py · gateway.py · pipeline.py · replay.py
generated.py       writing and checking generated files
alerts.yml         Prometheus' alert rules; each has a page in docs/runbooks/
alerts_test.yml    what they do over time, for promtool
prometheus.yml     what is scraped in the compose deployment
grafana/           provisioning: the data source, and the folder of dashboards

None of it runs in production: the files are what is shipped.
"""
