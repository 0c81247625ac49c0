"""Commands about mail: trying it, and what is on its way."""
