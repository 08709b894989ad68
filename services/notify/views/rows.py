"""The rows that facts leave in the read tables, and the deadlines."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from services.notify.domain import (
    AlarmSent,
    BundleClosed,
    Canary,
    DayDeclared,
    DeclaredDays,
    DeskHolders,
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationClosed,
    EscalationCommented,
    EscalationHandedBack,
    EscalationOpened,
    EscalationPolicySet,
    EscalationRepeated,
    EscalationResolved,
    Heard,
    LetterIssued,
    Listening,
    NoticePosted,
    NoticeSent,
    NotifyFact,
    OfficeHeard,
    Policies,
    Post,
    PromiseTakenBack,
    ReliefNoted,
    SendBegun,
    SendEnded,
    Sending,
    SendPlanned,
    Shortage,
    SilenceLifted,
    Silences,
    SilenceSet,
    id_of,
    up_to,
)
from shared.clock import Deadline
from shared.decider import Row, State
from shared.offices import offices

Rows = Iterator[Row]
WAITS = (
    EscalationOpened,
    EscalationClimbed,
    EscalationRepeated,
    EscalationHandedBack,
    EscalationAcknowledged,
)
"""Facts with which another wait begins."""


def project(stream: str, fact: NotifyFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes, given the state of its stream after it."""
    rows = ROWS.get(type(state))
    return () if rows is None else rows(stream, fact, state)


def _shortage(stream: str, fact: Any, shortage: Shortage) -> Rows:
    if isinstance(fact, NoticeSent):
        yield _notice(fact)
        return
    if isinstance(fact, EscalationCommented):
        return
    yield _escalation(fact, shortage)
    # What eases after somebody closed it by hand is closed still.
    if shortage.open or isinstance(fact, EscalationResolved | EscalationClosed):
        yield _episode(fact, shortage)
    relieved = isinstance(fact, ReliefNoted) and (fact.paused_until or fact.answer_by) is not None
    taken_back = isinstance(fact, PromiseTakenBack) and fact.due is not None
    if isinstance(fact, WAITS) or relieved or taken_back:
        yield from _wait(stream, fact.office, shortage)
    elif not shortage.open:
        yield Row("deadlines", (f"{stream}/{shortage.waits}",), None)


def _wait(stream: str, office: str, shortage: Shortage) -> Rows:
    """A wait has a row of its own, which the next wait of the stream replaces.

    A clock that took the earlier one in hand can then never remove the later one.
    """
    assert shortage.due is not None
    yield Row("deadlines", (f"{stream}/{shortage.waits - 1}",), None)
    key = f"{stream}/{shortage.waits}"
    yield Deadline(key, stream, office, shortage.due, shortage.waiting_for, str(shortage.waits)).row


def _escalation(fact: Any, shortage: Shortage) -> Row:
    values = {
        "office": fact.office,
        "item": fact.item,
        "episode": shortage.episode,
        "open": shortage.open,
        "level": shortage.level,
        "awaited": shortage.awaited,
        "stock_level": shortage.stock_level,
        "figures": shortage.figures,
        "policy_version": shortage.policy.version,
        "rules": shortage.rules,
        "opened_at": shortage.opened_at,
        "resolved_at": fact.at if isinstance(fact, EscalationResolved) else None,
        "due": shortage.due,
        "answer_by": shortage.answer_by if shortage.open else None,
        "waiting_for": shortage.waiting_for if shortage.open else None,
        "told": up_to(shortage.level),
        "answer": shortage.answer,
        "declined": shortage.declined,
        "forwarded": shortage.forwarded,
        "refused": shortage.refused,
        "closed": shortage.closed,
        "relief": shortage.relief,
        "proposal": shortage.proposal,
        "received": shortage.received,
        "step": shortage.step,
        "repeat": shortage.repeat,
        "flaps": shortage.flaps,
    }
    return Row("escalations", (fact.office, fact.item), values)


def _episode(fact: Any, shortage: Shortage) -> Row:
    how, ended_at = None, None
    if isinstance(fact, EscalationResolved | EscalationClosed):
        how, ended_at = ("RESOLVED" if isinstance(fact, EscalationResolved) else "CLOSED"), fact.at
    assert shortage.opened_at is not None
    values = {
        "office": fact.office,
        "item": fact.item,
        "episode": shortage.episode,
        "province": offices().province_of(fact.office, shortage.opened_at),
        "opened_at": shortage.opened_at,
        "level": shortage.level,
        "worst": shortage.worst,
        "answered_at": shortage.answered_at,
        "answered_at_level": shortage.answered_at_level,
        "ended_at": ended_at,
        "how": how,
        "steps": shortage.step,
    }
    return Row("episodes", (fact.office, fact.item, shortage.episode), values)


def _notice(fact: NoticeSent) -> Row:
    values = {
        "id": id_of(fact),
        "recipient_role": fact.recipient_role,
        "recipient_region": fact.recipient_region,
        "kind": fact.kind,
        "office": fact.office,
        "item": fact.item,
        "episode": fact.episode,
        "at": fact.at,
        "notice": fact,
    }
    return Row("notices", (values["id"],), values)


def _post(stream: str, fact: Any, post: Post) -> Rows:
    desk = {"role": fact.role, "region": fact.region}
    match fact:
        case AlarmSent():
            yield _alarm(fact)
            return
        case NoticePosted():
            values = {"number": fact.number, "notice": fact.notice, "bundle": fact.bundle, "held": fact.held}
            yield Row("posted", (fact.role, fact.region, fact.number), desk | values)
        case BundleClosed():
            values = {name: getattr(fact, name) for name in ("bundle", "notices", "absorbed", "to", "at")}
            values |= {"letter": fact.letter, "digest": fact.digest}
            yield Row("bundles", (fact.role, fact.region, fact.bundle), desk | values)
        case LetterIssued():
            columns = ("letter", "bundle", "content", "html_sha256", "pdf_sha256", "typesetter", "at")
            values = {name: getattr(fact, name) for name in columns}
            yield Row("letters", (fact.role, fact.region, fact.letter), desk | values)
            return
    values = {"bundle": post.bundle, "closes_at": post.closes_at, "digested": post.digested}
    yield Row("posts", (fact.role, fact.region), desk | values)


def _alarm(fact: AlarmSent) -> Row:
    values = {
        "id": fact.id,
        "recipient_role": fact.role,
        "recipient_region": fact.region,
        "kind": fact.kind,
        "office": fact.office,
        "item": fact.item,
        "episode": None,
        "at": fact.at,
        "notice": fact,
    }
    return Row("notices", (fact.id,), values)


def _send(stream: str, fact: Any, sending: Sending) -> Rows:
    key = (sending.role, sending.region, sending.bundle, sending.person)
    about = dict(zip(("role", "region", "bundle", "person"), key, strict=True))
    yield Row("sends", key, about | _sending(fact, sending))
    match fact:
        case SendBegun():
            values = {
                "attempt": fact.attempt,
                "channel": fact.channel.name,
                "kind": fact.channel.kind,
                "message": fact.message,
                "again": fact.again,
                "begun_at": fact.at,
                "ended_at": None,
                "result": None,
                "code": None,
            }
            yield Row("tries", (*key, fact.attempt), about | values)
        case SendEnded():
            last = sending.last if sending.last is not None and sending.last.attempt == fact.attempt else None
            values = {
                "attempt": fact.attempt,
                "channel": last and last.channel.name,
                "kind": last and last.channel.kind,
                "message": last and sending.message,
                "again": last is not None and last.again,
                "begun_at": last and sending.begun_at,
                "ended_at": fact.at,
                "result": fact.result,
                "code": fact.code,
            }
            yield Row("tries", (*key, fact.attempt), about | values)


def _sending(fact: Any, sending: Sending) -> dict[str, Any]:
    last = sending.last
    if sending.under_way:
        state = "UNDER_WAY"
    elif sending.due is not None:
        state = "DUE"
    else:
        state = "DELIVERED" if sending.delivered else "OVER"
    return {
        "state": state,
        "due": sending.due,
        "begun_at": sending.begun_at if sending.under_way else None,
        "attempts": 0 if isinstance(fact, SendPlanned) else max(last.attempt if last else 0, 0),
        "channel": last and last.channel.name,
        "result": fact.result if isinstance(fact, SendEnded) else last and last.result,
        "code": fact.code if isinstance(fact, SendEnded) else None,
        "letter": sending.letter,
        "unreached": sending.unreached,
        "reported": sending.reported,
    }


def _desk(stream: str, fact: Any, holders: DeskHolders) -> Rows:
    values = {
        "role": fact.role,
        "region": fact.region,
        "appointments": msgspec.to_builtins(holders.appointments),
        "leave": msgspec.to_builtins(holders.leave),
        "kept": holders.kept,
    }
    yield Row("desks", (fact.role, fact.region), values)


def _policy(stream: str, fact: EscalationPolicySet, policies: Policies) -> Rows:
    policy = fact.policy
    values = {
        "region": fact.region,
        "version": policy.version,
        "starts_on": policy.starts_on,
        "policy": msgspec.to_builtins(policy),
        "set_by": fact.set_by,
        "set_on": fact.set_on,
    }
    yield Row("policies", (fact.region, policy.version), values)


def _day(stream: str, fact: DayDeclared, declared: DeclaredDays) -> Rows:
    values = {
        "day": fact.day,
        "works": fact.works,
        "note": fact.note,
        "declared_by": fact.declared_by,
        "declared_on": fact.declared_on,
    }
    yield Row("declared_days", (fact.day.isoformat(),), None if fact.works is None else values)


def _silence(stream: str, fact: SilenceSet | SilenceLifted, silences: Silences) -> Rows:
    key = (fact.office, fact.silence)
    columns: tuple[str, ...] = ("office", "silence", "by", "at")
    if isinstance(fact, SilenceSet):
        columns = (*columns, "item", "at_most", "level", "until", "reason")
    table = "silences" if isinstance(fact, SilenceSet) else "lifted_silences"
    yield Row(table, key, {name: getattr(fact, name) for name in columns})


def _heard(stream: str, fact: OfficeHeard, heard: Heard) -> Rows:
    yield Row("offices_heard", (fact.office,), {"office": fact.office, "day": fact.day, "at": fact.at})


def _listening(stream: str, fact: Any, listening: Listening) -> Rows:
    yield Row("watch", ("listening",), {"name": "listening", "state": msgspec.to_builtins(listening)})


def _canary(stream: str, fact: Any, canary: Canary) -> Rows:
    yield Row("watch", ("canary",), {"name": "canary", "state": msgspec.to_builtins(canary)})
    assert canary.next_by is not None
    yield Row("deadlines", (f"{stream}/{canary.waits - 1}",), None)
    yield Deadline(f"{stream}/{canary.waits}", stream, "00", canary.next_by, "canary", str(canary.waits)).row


ROWS: dict[type[State], Callable[[str, Any, Any], Rows]] = {
    Shortage: _shortage,
    Post: _post,
    Sending: _send,
    DeskHolders: _desk,
    Policies: _policy,
    DeclaredDays: _day,
    Silences: _silence,
    Heard: _heard,
    Listening: _listening,
    Canary: _canary,
}
