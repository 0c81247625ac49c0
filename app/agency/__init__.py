"""Who we are: the agency's own name, address and habits, as its papers show them."""
