"""Monitors, their observations and the runs derived from them, our own outages."""
