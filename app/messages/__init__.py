"""What the provider wrote or said to us, kept whole."""
