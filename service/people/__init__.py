"""People: one row a phone, with their consent; some are volunteers, some are families, some both."""
