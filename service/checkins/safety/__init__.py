"""The safety check: the question after an appointment, and the ladder climbed when nobody answers."""
