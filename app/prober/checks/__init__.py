"""The questions, one file for each kind."""
