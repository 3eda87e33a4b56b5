"""Everything Twilio-shaped: how a text leaves, how an answer and a receipt arrive."""
