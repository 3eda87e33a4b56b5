"""A local carrier that speaks Twilio's HTTP, with phones to look at and faults on request.

It is a process of its own (`python -m service.sandbox`), imports no other room and is imported by
none: what it says about the service, it says as an outsider. docs/sandbox.md shows its use.
"""
