"""What takes data back across rooms."""
