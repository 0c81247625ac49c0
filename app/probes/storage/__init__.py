"""Observations once their hour is over: compressed, sealed in the log, summed up for good, and one day let go."""
