"""Telling the people who look after Kept what has happened: channels, alerts, their outbox."""
