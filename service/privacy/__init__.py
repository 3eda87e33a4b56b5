"""Whose data it is: sealed at rest, shown by rule, every reveal written down."""
