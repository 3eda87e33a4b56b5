"""The sending protocol, a million times over: one thread, a clock of its own, all chance from one seed.

Workers crash and freeze between any two steps, the carrier accepts or not and says something else,
receipts and lists come late or never, people opt out, messages are stopped. Every transition is
`service.outbox.step.step`; the store claims as outbox/claim.py does; the carrier's ledger judges.

    python -m tests.faults.simulation --histories 20000 --seed 1
    python -m tests.faults.simulation --replay SEED
"""
