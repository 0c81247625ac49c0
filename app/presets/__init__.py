"""Well-known providers' terms as drafts to start from, and the terms in plain words."""
