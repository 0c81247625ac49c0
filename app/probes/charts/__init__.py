"""Pictures of one monitor: response time, states, announced windows; as SVG, as PNG, and in words and figures."""
