"""Acompaña: the right text to the right people, once, and their answers read."""
