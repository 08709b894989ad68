"""No promise knows a person: topics are kept for ever, and nothing in them could be erased."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args

import msgspec
import pytest

from services.outreach.domain import PersonRecorded
from services.printing.domain import JobQueued
from shared.decider import Fact
from tests.contracts.golden import DOMAINS, PROMISES, Golden, all_of

OF_A_PERSON = {
    *("nik", "kk", "nama", "name", "mother", "ibu", "gender", "sex", "agama", "religion"),
    *("birth", "born", "birthday", "birthdate", "lahir", "age", "umur", "turns"),
    *("alamat", "address", "phone", "telepon", "hp", "whatsapp", "email"),
    *("photo", "foto", "finger", "iris", "signature"),
}
"""Words that name what identifies a person, in English and Bahasa Indonesia."""

DAYS_OF_BLANKS = {
    *("promised_on", "projected_empty_on", "used_on", "spoiled_on", "destroyed_on", "return_by"),
    *("since", "through", "requested_on", "reported_on"),
    # The canary's, which is of no blank even: every night has one, whoever was born or came to an office.
    "night",
    # From when on a policy holds.
    "starts_on",
    # A day that many cards were printed on; when a forecast was made, and the first day that it is about.
    *("day", "made_on", "first_day"),
}
"""The only days in promises. Any other might be a day of birth, and has to be judged before it is listed here."""

REFERENCES = {"applicant", "by", "counters", "witnesses"}
"""Opaque references to people. The edge takes none that looks like a number of a person."""

BY_WHEN = {"promised_by", "answer_by", "return_by"}

SHAPES = {
    "a NIK or a family card's number": re.compile(r"(?<!\d)\d{16}(?!\d)"),
    "a telephone number": re.compile(r"(?<![\w-])(\+?62|0)8\d{7,11}(?![\w-])"),
    "an e-mail address": re.compile(r"\S@\S+\.\w"),
}


def fields_of(kind: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a type, and of the types within it, with its path."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield f"{at}{field.encode_name}", field.type
            yield from fields_of(field.type, f"{at}{field.encode_name}.")
    for part in get_args(kind):
        yield from fields_of(part, at)


def complaints(fact: type[Fact]) -> list[str]:
    """The fields of a fact that may say something of a person."""
    found = []
    for path, kind in fields_of(fact):
        name = path.rpartition(".")[2]
        a_day = any(part is date for part in (kind, *get_args(kind)))
        if OF_A_PERSON & set(name.split("_")) or (a_day and name not in DAYS_OF_BLANKS):
            found.append(path)
    return found


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, part in value.items():
                yield key
                yield from texts(part)
        case list():
            for part in value:
                yield from texts(part)
        case _:
            yield str(value)


@pytest.mark.parametrize("fact", [fact for _, fact, _ in PROMISES], ids=lambda fact: fact.__name__)
def test_no_promised_fact_has_a_field_that_is_a_persons(fact: type[Fact]) -> None:
    assert complaints(fact) == []


@pytest.mark.parametrize("golden", [g for d in DOMAINS for g in all_of(d.service)], ids=lambda golden: golden.name)
def test_nothing_in_a_golden_message_has_the_shape_of_a_persons_number(golden: Golden) -> None:
    for text in texts(golden.fields):
        for what, shape in SHAPES.items():
            assert not shape.search(text), f"{golden.name} holds {what}"


def refers(field: str) -> bool:
    """Whether a field of this name says who."""
    return field in REFERENCES or (field.endswith("_by") and field not in BY_WHEN)


def test_only_these_fields_refer_to_somebody() -> None:
    referring = {f"{fact.__name__}.{path}" for _, fact, _ in PROMISES for path, _ in fields_of(fact)}
    assert {path for path in referring if refers(path.rpartition(".")[2])} == {
        "BlanksReceived.counters",
        "BlanksDestroyed.witnesses",
        "BlanksReportedLost.reported_by",
        "MovementReversed.reversed_by",
        "StockCounted.counters",
        "StockCounted.approved_by",
        "DiscrepancyExplained.explained_by",
        "BookClosed.closed_by",
        "ReplenishmentRequested.requested_by",
        "ReplenishmentForwarded.forwarded_by",
        "AllocationDeclined.declined_by",
        "AllocationReleased.released_by",
        "LoanGranted.granted_by",
        "CardPrinted.printed_by",
        "CardSpoiled.spoiled_by",
        "CardHandedOver.handed_over_by",
        "RibbonChanged.changed_by",
        "RecordingPrintReady.applicant",
        "EscalationClimbed.by",
        "EscalationAcknowledged.by",
        "EscalationDeclined.by",
        "EscalationHandedBack.by",
        "EscalationClosed.by",
        "NoticeSent.answer.by",
    }


def test_a_fact_that_knows_a_month_of_birth_or_a_day_of_any_kind_would_be_noticed() -> None:
    class Registered(Fact, frozen=True):
        office: str
        seen_on: date | None
        at: datetime

    assert complaints(PersonRecorded) == ["turns_17"]
    assert complaints(Registered) == ["seen_on"]


def test_facts_that_know_the_applicant_of_a_print_are_kept_at_home() -> None:
    assert JobQueued not in {fact for _, fact, _ in PROMISES}
    assert PersonRecorded not in {fact for _, fact, _ in PROMISES}
