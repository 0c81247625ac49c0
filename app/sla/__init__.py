"""THE LAW: pure rules over values. No clock, no database, no settings, no input or output."""
