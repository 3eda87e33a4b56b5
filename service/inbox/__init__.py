"""The inbox: what people texted, and one thread a person for what somebody should see to."""
