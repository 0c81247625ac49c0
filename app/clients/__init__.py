"""Who we answer to: clients and the people there."""
