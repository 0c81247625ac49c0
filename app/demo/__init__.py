"""The story as data, played in through the same doors a user has: every fact goes through the REST API."""
