"""The websites: whose they are, which service they sit on and from when, and whether they are back."""
