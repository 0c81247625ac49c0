"""What was found wrong: differences from what was promised, and what an audit found of files and databases."""
