"""Letters to the provider: drafted from the record, approved, issued, sent, and what is still unanswered."""
