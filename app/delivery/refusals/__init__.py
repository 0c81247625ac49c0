"""What a server means by a refusal."""
