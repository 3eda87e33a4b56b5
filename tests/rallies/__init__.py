"""Rallies, actions and drills."""
