"""Observations in bulk: reading a file, storing its lines, deriving the runs."""
