"""The outbox: every text leaves through here, once. It knows no events, only what may go when."""
