"""THE LOG: one append-only, hash-chained record of everything that was ever entered."""
