"""Measurements of Kept, each beside a baseline from the same run: `python -m benchmarks --help`."""
