"""How an appointment ended: who is asked, what is read back, who hears of it, what follows."""
