"""How a message goes out: its states, what it says as it lies there, the turn it gets."""
