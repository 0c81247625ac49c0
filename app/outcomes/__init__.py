"""What happened in a window: what was said of it, what was found, and a person's own verdict."""
