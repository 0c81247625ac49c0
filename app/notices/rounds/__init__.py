"""A round's life: proposed by what happened, planned, approved, issued; and what we promised our clients ourselves."""
