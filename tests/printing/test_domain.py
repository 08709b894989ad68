"""Printing's story, told as what was known, what came, and what followed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.printing.domain import (
    CardPrinted,
    CardSpoiled,
    JobQueued,
    NoteStockLevel,
    QueueJob,
    RecordPrinted,
    RecordSpoiled,
    RequestCameLate,
    SecondCardPrinted,
    StockLevelNoted,
)
from services.printing.service import PRINTING
from shared.decider import Refused
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=7)
BENGKULU = "17.71"
JOB = "0193f3a2-0000-7000-8000-000000000001"
QUEUE = f"queue/{BENGKULU}/KTP_WNI"

printing = Scenario(PRINTING)

queued = JobQueued(
    office=BENGKULU,
    job=JOB,
    item="KTP_WNI",
    location="MPP",
    reason="LOST",
    applicant="A-17",
    queued_at=NOON,
)
printed = CardPrinted(
    office=BENGKULU,
    job=JOB,
    item="KTP_WNI",
    location="MPP",
    reason="LOST",
    workstation="WS-2",
    chip_serial="04A1",
    blank_in_hand=False,
    printed_at=LATER,
)
spoiled = CardSpoiled(
    office=BENGKULU,
    job=JOB,
    item="KTP_WNI",
    location="MPP",
    reason="LOST",
    cause="DEAD_CHIP",
    workstation="WS-2",
    spoiled_at=LATER,
)


def level(name: str, episode: int = 3) -> StockLevelNoted:
    return StockLevelNoted(office=BENGKULU, item="KTP_WNI", level=name, episode=episode, since=NOON, as_of=NOON)


def queue_job(**changes: Any) -> QueueJob:
    asked = {"office": BENGKULU, "job": JOB, "item": "KTP_WNI", "location": "MPP", "reason": "LOST", "applicant": "A-17"}
    return QueueJob(now=NOON, occurred_at=NOON, **{**asked, **changes})


def record_printed(**changes: Any) -> RecordPrinted:
    report = {
        "office": BENGKULU,
        "job": JOB,
        "location": "MPP",
        "workstation": "WS-2",
        "chip_serial": "04A1",
        "blank_in_hand": False,
    }
    return RecordPrinted(now=LATER, occurred_at=LATER, **{**report, **changes})


def record_spoiled(**changes: Any) -> RecordSpoiled:
    report = {"office": BENGKULU, "job": JOB, "location": "MPP", "workstation": "WS-2", "cause": "DEAD_CHIP"}
    return RecordSpoiled(now=LATER, occurred_at=LATER, **{**report, **changes})


def note_level(name: str, episode: int = 3) -> NoteStockLevel:
    return NoteStockLevel(
        now=LATER, occurred_at=NOON, office=BENGKULU, item="KTP_WNI", level=name, episode=episode, as_of=NOON
    )


def test_a_request_puts_a_job_into_the_queue() -> None:
    assert printing.given().when(queue_job()) == [queued]


def test_the_same_request_twice_is_one_job() -> None:
    assert printing.given((f"job/{JOB}", queued)).when(queue_job()) == []


@pytest.mark.parametrize("change", [{"applicant": "A-18"}, {"item": "KIA"}, {"reason": "FIRST"}, {"office": "17.01"}])
def test_an_id_that_means_another_job_already_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Refused, match="job_id_taken"):
        printing.given((f"job/{JOB}", queued)).when(queue_job(**change))


def test_a_request_sent_again_after_its_card_was_printed_elsewhere_is_still_the_same() -> None:
    given = printing.given((f"job/{JOB}", queued), (f"job/{JOB}", printed))
    assert given.when(queue_job()) == []


def test_a_printed_card_is_recorded_with_what_the_job_says_of_it() -> None:
    assert printing.given((f"job/{JOB}", queued)).when(record_printed()) == [printed]


def test_the_applicant_of_a_card_stays_in_printing() -> None:
    promised = set().union(*(fact.__struct_fields__ for fact in PRINTING.promised))
    assert "applicant" not in promised
    assert {fact.__name__ for fact in PRINTING.promised} == {"CardPrinted", "CardSpoiled"}


def test_the_same_card_reported_twice_is_one_card() -> None:
    given = printing.given((f"job/{JOB}", queued), (f"job/{JOB}", printed))
    assert given.when(record_printed()) == []
    assert given.when(record_printed(chip_serial=None)) == []


def test_a_second_card_of_one_job_has_used_a_blank_and_asks_to_be_explained() -> None:
    given = printing.given((f"job/{JOB}", queued), (f"job/{JOB}", printed))
    card, question = given.when(record_printed(chip_serial="04B2"))
    assert isinstance(card, CardPrinted) and card.chip_serial == "04B2"
    assert question == SecondCardPrinted(office=BENGKULU, job=JOB, chip_serial="04B2", earlier=("04A1",))


def test_a_second_card_is_known_again_when_it_is_reported_again() -> None:
    second = CardPrinted(**{**{f: getattr(printed, f) for f in printed.__struct_fields__}, "chip_serial": "04B2"})
    given = printing.given((f"job/{JOB}", queued), (f"job/{JOB}", printed), (f"job/{JOB}", second))
    assert given.when(record_printed(chip_serial="04B2")) == []
    assert given.when(record_printed(chip_serial="04A1")) == []


def test_an_empty_book_asks_whether_the_blank_is_in_hand() -> None:
    with pytest.raises(Refused, match="blank_not_confirmed"):
        printing.given((f"job/{JOB}", queued), (QUEUE, level("EMPTY"))).when(record_printed())


def test_an_empty_book_does_not_stop_a_card_whose_blank_is_in_hand() -> None:
    (card,) = printing.given((f"job/{JOB}", queued), (QUEUE, level("EMPTY"))).when(record_printed(blank_in_hand=True))
    assert isinstance(card, CardPrinted) and card.blank_in_hand


def test_a_card_reported_before_the_book_was_empty_is_known_without_asking() -> None:
    given = printing.given((f"job/{JOB}", queued), (f"job/{JOB}", printed), (QUEUE, level("EMPTY")))
    assert given.when(record_printed()) == []


@pytest.mark.parametrize("name", ["OK", "LOW", "CRITICAL"])
def test_a_book_that_still_has_blanks_asks_nothing(name: str) -> None:
    assert printing.given((f"job/{JOB}", queued), (QUEUE, level(name))).when(record_printed()) == [printed]


def test_an_empty_book_of_children_cards_stops_no_other_card() -> None:
    empty = StockLevelNoted(office=BENGKULU, item="KIA", level="EMPTY", episode=1, since=NOON, as_of=NOON)
    given = printing.given((f"job/{JOB}", queued), (f"queue/{BENGKULU}/KIA", empty))
    assert given.when(record_printed()) == [printed]


def test_a_card_of_an_unknown_job_is_a_job_that_begins_with_its_print() -> None:
    given = printing.given()
    assert given.when(record_printed(item="KTP_WNI", reason="LOST")) == [printed]


def test_a_card_of_an_unknown_job_must_say_what_it_is() -> None:
    with pytest.raises(Refused, match="job_unknown"):
        printing.given().when(record_printed())


def test_what_a_report_says_of_a_known_job_does_not_change_it() -> None:
    assert printing.given((f"job/{JOB}", queued)).when(record_printed(item="KIA", reason="MOVE")) == [printed]


def test_a_request_that_arrives_after_its_card_names_the_applicant_and_does_not_queue_again() -> None:
    given = printing.given((f"job/{JOB}", printed))
    late = RequestCameLate(office=BENGKULU, job=JOB, applicant="A-17", requested_at=NOON)
    assert given.when(queue_job()) == [late]
    assert printing.given((f"job/{JOB}", printed), (f"job/{JOB}", late)).when(queue_job()) == []


def test_another_office_cannot_touch_the_job() -> None:
    with pytest.raises(Refused, match="job_elsewhere"):
        printing.given((f"job/{JOB}", queued)).when(record_printed(office="17.01"))


def test_a_spoiled_blank_leaves_the_job_in_the_queue() -> None:
    assert printing.given((f"job/{JOB}", queued)).when(record_spoiled()) == [spoiled]
    state = PRINTING.evolve(PRINTING.evolve(PRINTING.start(f"job/{JOB}"), queued), spoiled)
    assert (state.place, state.tries) == ("QUEUED", 1)


def test_every_spoiled_blank_counts() -> None:
    assert printing.given((f"job/{JOB}", queued), (f"job/{JOB}", spoiled)).when(record_spoiled()) == [spoiled]


def test_a_spoiled_blank_of_an_unknown_job_is_recorded_once_it_says_what_it_was() -> None:
    with pytest.raises(Refused, match="job_unknown"):
        printing.given().when(record_spoiled())
    assert printing.given().when(record_spoiled(item="KTP_WNI", reason="LOST")) == [spoiled]


def test_printing_remembers_what_stock_says_and_since_when() -> None:
    assert printing.given().when(note_level("LOW")) == [level("LOW")]


def test_the_same_news_twice_is_noted_once() -> None:
    assert printing.given((QUEUE, level("LOW"))).when(note_level("LOW")) == []


def test_a_level_that_worsens_within_its_episode_is_news() -> None:
    assert printing.given((QUEUE, level("LOW"))).when(note_level("EMPTY")) == [level("EMPTY")]


def test_the_end_of_a_shortage_is_news() -> None:
    assert printing.given((QUEUE, level("EMPTY"))).when(note_level("OK")) == [level("OK")]
