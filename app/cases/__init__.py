"""From the rooms to a Case: every fact of one service and period, known at one moment. Reads only."""
