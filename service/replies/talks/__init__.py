"""Conversations of several steps: one question at a time, left with a word, taken up again later."""
