"""What can go wrong, in the domain's words. Knows neither HTTP nor SMS: the edges map it.

AcompanaError
├── DomainError          somebody can put it right; `code` finds its words in messages/*.toml
│   ├── InvalidValue     a value that can't be read or used; `field` names it          (422)
│   ├── NotFound         no such thing, or not theirs to see                           (404)
│   ├── WrongState       it is no longer, or not yet, possible                         (409)
│   ├── NotAllowed       this person may not do it                                     (403)
│   ├── SignInNeeded     nobody is signed in, or the token is not known                (401)
│   │   ├── SetUpNeeded  came by an invitation and has no way to sign in yet           (401)
│   │   ├── ConfirmNeeded  has to show once more that it is they                       (401)
│   │   └── LinkNeeded   their own page is closed: a link to their phone opens it      (401)
│   └── TooMany          too often within a minute                                     (429)
├── Unavailable          a part we need does not answer; trying again may help         (503)
└── Misuse               our own mistake: never shown to people, always logged         (500)
    └── NaiveDatetime    a time without a zone
"""

from __future__ import annotations


class AcompanaError(Exception):
    """The root of everything that this service raises itself."""


class DomainError(AcompanaError):
    """Something a person can put right.

    code: finds `[error.<code>]` in messages/en.toml and es.toml; `values` fill its placeholders.
    detail: English, for logs and developers; holds no phone number and no message text.
    """

    code = "invalid"

    def __init__(self, code: str | None = None, detail: str = "", /, **values: object) -> None:
        if code is not None:
            self.code = code
        self.values: dict[str, object] = values
        super().__init__(detail or self.code)


class InvalidValue(DomainError):
    """A value that can't be read or used. `field` is the name that the form or the API gave it."""

    def __init__(self, field: str, code: str, detail: str = "", /, **values: object) -> None:
        self.field = field
        super().__init__(code, detail, **values)


class InvalidForm(DomainError):
    """Several fields at once, so that a person sees all of them and not one a try."""

    code = "check_fields"

    def __init__(self, problems: list[InvalidValue]) -> None:
        self.problems = problems
        super().__init__("check_fields", ", ".join(f"{p.field}: {p.code}" for p in problems))


class NotFound(DomainError):
    """No such thing, or not theirs to see: the two look the same from outside."""

    code = "not_found"


class WrongState(DomainError):
    """It is no longer, or not yet, possible."""

    code = "wrong_state"


class NotAllowed(DomainError):
    """This person may not do it."""

    code = "not_allowed"


class SignInNeeded(DomainError):
    """Nobody is signed in, or the token is unknown or used up."""

    code = "sign_in_needed"


class SetUpNeeded(SignInNeeded):
    """Came in by an invitation: may set up a passkey or a code app, and nothing else before."""

    code = "set_up_first"


class ConfirmNeeded(SignInNeeded):
    """Is signed in, but this takes a passkey or a code given within the last minutes."""

    code = "confirm_first"


class LinkNeeded(SignInNeeded):
    """Nobody's own page is open in this browser (any more): a link to their phone opens it."""

    code = "link_needed"


class TooMany(DomainError):
    """Too often within a minute. Waiting helps."""

    code = "too_many_tries"


class Unavailable(AcompanaError):
    """A part we need does not answer. Nothing was half done; trying again may help."""


class Misuse(AcompanaError):
    """Our own mistake: never shown to people, always logged."""


class NaiveDatetime(Misuse):
    """A time without a zone."""
