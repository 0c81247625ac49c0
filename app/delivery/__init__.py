"""Messages on their way: written, handed to a server, answered, come back. Knows messages, not letters."""
