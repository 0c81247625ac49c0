"""Commands on other places to ask from: locations, and the agent that asks there."""
