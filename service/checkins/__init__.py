"""Check-ins: registered, approved, accompanied, remembered, closed."""
