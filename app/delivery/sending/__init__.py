"""How a message goes out: the turn it gets, and what its answer makes of it."""
