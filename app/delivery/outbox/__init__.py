"""A message as it lies in the outbox: its states, and all it says, as bytes."""
