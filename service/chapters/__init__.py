"""Chapters: a local group, its offices, its sender, its hours."""
