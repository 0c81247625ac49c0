"""From a judged period to its papers: pure, values in, documents out. Nothing here reads a database or a clock."""
