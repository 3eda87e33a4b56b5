"""Rallies: every public event that people are called to."""
