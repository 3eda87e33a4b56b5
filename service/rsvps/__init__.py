"""RSVPs: what is asked of whom, who takes which seat, who waits for one."""
