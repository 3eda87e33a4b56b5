"""What Twilio answers when it refuses: code, HTTP status and words, as its documentation has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One row of the table."""

    http_status: int
    message: str


REASONS = {
    20001: Reason(400, "Unknown parameters"),
    20003: Reason(401, "Authenticate"),
    20004: Reason(405, "Method not allowed"),
    20009: Reason(400, "Resource not complete: the message has not been finished yet"),
    20404: Reason(404, "The requested resource was not found"),
    20429: Reason(429, "Too Many Requests"),
    20500: Reason(500, "Internal Server Error"),
    20503: Reason(503, "Service Unavailable"),
    21201: Reason(400, "No 'To' number is specified"),
    21205: Reason(400, "Url is not a valid URL"),
    21210: Reason(400, "The source phone number provided is not yet verified for your account"),
    21211: Reason(400, "Invalid 'To' Phone Number"),
    21212: Reason(400, "Invalid From Number"),
    21213: Reason(400, "Caller phone number is required"),
    21220: Reason(400, "Call is not in-progress. Cannot redirect."),
    21408: Reason(
        400, "Permission to send an SMS has not been enabled for the region of the 'To' number"
    ),
    21602: Reason(400, "Message body is required."),
    21603: Reason(400, "A 'From' phone number is required."),
    21604: Reason(400, "A 'To' phone number is required."),
    21606: Reason(
        400,
        "The 'From' phone number provided is not a valid, SMS-capable Twilio phone number",
    ),
    21610: Reason(400, "Attempt to send to unsubscribed recipient"),
    21611: Reason(400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: Reason(400, "The 'To' phone number is not currently reachable via SMS"),
    21614: Reason(400, "'To' number is not a valid mobile number"),
    21617: Reason(400, "The concatenated message body exceeds the 1600 character limit"),
    21705: Reason(400, "The Messaging Service Sid is invalid"),
}


class Refused(Exception):
    """The carrier says no.

    code: a key of REASONS. http_status overrides the table's.
    """

    def __init__(self, code: int, http_status: int | None = None) -> None:
        self.code = code
        self.reason = REASONS[code]
        self.http_status = http_status or self.reason.http_status
        super().__init__(f"{code}: {self.reason.message}")

    def as_json(self) -> dict[str, object]:
        """Return the body of the answer."""
        return {
            "code": self.code,
            "message": self.reason.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http_status,
        }
