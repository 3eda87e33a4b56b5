"""Organizers' accounts: who they are, how they sign in, what their tokens may do."""
