"""Judged periods: gathered from the rooms, previewed while open, frozen once issued."""
