"""Voice calls: one call to one person, placed once, until they press a key."""
