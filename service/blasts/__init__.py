"""Blasts: one text, in each recipient's language, to an audience fixed at launch."""
