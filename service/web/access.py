"""The least role that each page of the console and each route of the API takes: one table.

A line is the function that answers, as `audience.module.function`. A route without a line is for
organizers and admins only, and fails a guard test until it has one.
"""

from __future__ import annotations

from fastapi import Request

from service.errors import NotAllowed
from service.privacy.policy import Role, is_at_least

LEAST: dict[Role, tuple[str, ...]] = {
    # How things stand, masked; and what is one's own: language, ways to sign in, sessions.
    Role.VIEWER: (
        "api.answers.find_checkin_answers",
        "api.answers.find_rally_answers",
        "api.blasts.find_blasts",
        "api.blasts.see_blast",
        "api.chapter.find_offices",
        "api.chapter.see_chapter",
        "api.checkins.find_checkins",
        "api.checkins.see_checkin",
        "api.families.find_families",
        "api.families.see_family",
        "api.rallies.find_rallies",
        "api.rallies.see_rally",
        "api.volunteers.find_volunteers",
        "api.volunteers.see_volunteer",
        "console.account.account",
        "console.account.end_others",
        "console.account.end_session",
        "console.account.remove_code_app",
        "console.account.remove_passkey",
        "console.account.renew_recovery_codes",
        "console.account.revoke_token",
        "console.own_phone.ask",
        "console.own_phone.check",
        "console.own_phone.own_phone",
        "console.board.board",
        "console.checkins.show",
        "console.confirm.ask_passkey",
        "console.confirm.confirm",
        "console.live.stream",
        "console.messages.show",
        "console.people.people",
        "console.send.show",
        "console.set_up.ask_passkey",
        "console.set_up.add_passkey",
        "console.set_up.begin_code_app",
        "console.set_up.finish_code_app",
        "console.set_up.set_up",
        "console.set_up.show_code_app",
        "console.sign_in.choose_language",
        "console.sign_in.leave",
        "api.safety.find_open",
        "api.safety.see_safety",
        "api.safety.see_steps",
        "console.safety.show",
        "console.shifts.shifts",
    ),
    # Works with families and volunteers, one at a time.
    Role.DISPATCHER: (
        "api.checkins.approve_checkin",
        "api.checkins.cancel_checkin",
        "api.checkins.register_checkin",
        "api.families.add_family",
        "api.families.reveal_family",
        "api.volunteers.reveal_volunteer",
        "console.board.handled",
        "console.checkins.approve_checkin",
        "console.checkins.cancel_checkin",
        "console.checkins.confirm_approval",
        "console.checkins.confirm_cancel",
        "console.checkins.new_checkin",
        "console.checkins.register_checkin",
        "console.halt.confirm_halt",
        "console.halt.halt_all",
        "console.people.reveal",
        "api.inbox.find_threads",
        "api.inbox.see_thread",
        "api.inbox.assign_thread",
        "api.inbox.finish_thread",
        "api.inbox.reopen_thread",
        "api.inbox.answer_thread",
        "api.inbox.reveal_thread",
        "api.inbox.correct_text",
        "api.safety.say_spoken",
        "api.safety.say_taken",
        "console.safety.spoken",
        "console.safety.take",
        "console.safety.add_contact",
        "console.shifts.add",
        "console.shifts.remove",
    ),
    # Speaks to many, and says who is trusted.
    Role.ORGANIZER: (
        "api.blasts.pause_blast",
        "api.blasts.resume_blast",
        "api.blasts.stop_blast",
        "api.rallies.announce_rally",
        "api.rallies.cancel_rally",
        "api.rallies.change_rally",
        "api.rallies.draft_rally",
        "api.volunteers.add_volunteer",
        "api.volunteers.trust_volunteer",
        "console.compose.edit",
        "console.compose.new_rally",
        "console.compose.save_changes",
        "console.compose.save_new",
        "console.messages.confirm_stop",
        "console.messages.pause_it",
        "console.messages.resume_it",
        "console.messages.retry_it",
        "console.messages.stop_it",
        "console.messages.undo",
        "console.people.invite",
        "console.people.new_person",
        "console.people.vet",
        "console.send.cancel_rally",
        "console.send.confirm_cancel",
        "console.send.go_to_call",
        "console.audience.choose",
        "console.audience.count",
        "console.audience.people",
        "console.look.approve_it",
        "console.look.confirm",
        "console.look.drop_it",
        "console.look.refuse_it",
        "console.look.send_it",
        "console.look.test_it",
        "console.notes.edit_note",
        "console.notes.new_note",
        "console.notes.save_new_note",
        "console.notes.save_note",
    ),
    # Says who comes in, and what leaves.
    Role.ADMIN: (
        "console.export.choose",
        "console.export.export",
        "console.halt.let_go_on",
        "console.lists.apply",
        "console.lists.columns",
        "console.lists.drop",
        "console.lists.look",
        "console.lists.new_list",
        "console.lists.say_columns",
        "console.lists.upload",
        "console.organizers.add",
        "console.organizers.change_role",
        "console.organizers.invite_again",
        "console.organizers.new_organizer",
        "console.organizers.organizers",
        "console.organizers.revoke_token",
        "console.organizers.switch",
        "console.settings.add_office",
        "console.settings.change_office",
        "console.settings.edit_office",
        "console.settings.edit_sender",
        "console.settings.new_office",
        "console.settings.save_chapter",
        "console.settings.save_sender",
        "console.settings.settings",
    ),
}
OTHERWISE = Role.ORGANIZER

_BY_NAME = {name: role for role, names in LEAST.items() for name in names}


def name_of(endpoint: object) -> str:
    """Return how the table names the function that answers a route."""
    module = str(getattr(endpoint, "__module__", "")).removeprefix("service.web.")
    return f"{module}.{getattr(endpoint, '__name__', '')}"


def least_role(endpoint: object) -> Role:
    """Return the least role that may call this function."""
    return _BY_NAME.get(name_of(endpoint), OTHERWISE)


def require_role(request: Request, role: Role) -> None:
    """Raise NotAllowed where the route of this request takes more than `role`."""
    endpoint = request.scope.get("endpoint")
    least = least_role(endpoint)
    if not is_at_least(role, least):
        raise NotAllowed("role_too_low", f"{name_of(endpoint)} takes {least}, not {role}")
