"""Other people's monitoring as further witnesses: what Uptime Kuma, Gatus, Prometheus and Upptime saw."""
