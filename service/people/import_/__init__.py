"""A network's own lists: read as they come, understood column by column, judged row by row. Pure."""
