"""Commands about monitors: what is asked, what was seen, whom it is told."""
