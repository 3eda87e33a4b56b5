"""Replies: what people text us, read and answered. Never with silence where they expect a word."""
