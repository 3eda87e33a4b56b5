"""What people read: the texts in both languages, what they cost, and how days and times are written."""
