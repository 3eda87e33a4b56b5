"""What happens by itself: a table of jobs and the clock that runs it."""
