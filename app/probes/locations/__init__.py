"""Other places to ask from: their agents, what these are handed, the answers they push, and what those lack."""
