"""The human account: incidents and their notes, the provider's tickets and replies."""
