"""Watching: announced windows minute by minute, outages as people are told of them, and pictures of both."""
