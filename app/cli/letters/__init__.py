"""Commands for letters to clients: rounds, and the agency's own texts."""
