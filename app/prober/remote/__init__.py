"""A prober away from the database: it asks, keeps its answers on disk, and hands them over when it can."""
