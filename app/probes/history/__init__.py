"""How it was: hours summed up, uptime by period, outages with their bounds."""
