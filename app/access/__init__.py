"""Who may ask: API tokens and their roles."""
