"""A month of an invented network: the real service, a carrier at the other end, people who answer late."""
