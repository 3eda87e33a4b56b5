"""Actions: what people do from where they are. Calls to many, as rallies are, without a place."""
