"""What was promised: the work agreed, its procedure, its windows and every revision of them."""
