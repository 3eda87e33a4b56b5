"""Which intents come before what we asked, and which are heard from whoever has left."""

from __future__ import annotations

from service.replies.intents import Intent

EVEN_IF_GONE = (
    Intent.STOP, Intent.START, Intent.JOIN, Intent.CHECKIN, Intent.HELP, Intent.DISTRESS,
)  # fmt: skip
# Come before any question of ours.
ALWAYS = (Intent.STOP, Intent.DISTRESS, Intent.REPORT)
# Mean themselves in the midst of a conversation too, unless they answer its question.
COMMANDS = (
    Intent.START, Intent.HELP, Intent.JOIN, Intent.LANGUAGE, Intent.CHANGE, Intent.CHECKIN,
    Intent.HERE, Intent.IN, Intent.OUT, Intent.WAITING, Intent.LIST, Intent.ERASE, Intent.VOUCH,
    Intent.LEAVE, Intent.LINK, Intent.NEXT, Intent.APPROVE, Intent.UNDO, Intent.MUTE,
)  # fmt: skip
# Come last: on the way to an appointment and during it they are for the other one, family or lead,
# unless something of the above takes them, a question of ours is open, or they answer none.
PASSED_ON = (
    Intent.UNKNOWN, Intent.YES, Intent.NO, Intent.MAYBE, Intent.CHOICE, Intent.AREA, Intent.THANKS,
)  # fmt: skip
