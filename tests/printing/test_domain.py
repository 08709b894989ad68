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
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=7)
BENGKULU = "17.71"
JOB = "0193f3a2-0000-7000-8000-000000000001"
STREAM = f"job/{JOB}"

CARD = {"office": BENGKULU, "job": JOB, "item": "KTP_WNI", "location": "MPP", "reason": "LOST"}
REPORT = {"office": BENGKULU, "job": JOB, "location": "MPP", "workstation": "WS-2"}


def queued() -> tuple[str, JobQueued]:
    return STREAM, JobQueued(**CARD, applicant="A-17", queued_at=NOON)


def printed(chip: str | None = "04A1", blank_in_hand: bool = False) -> tuple[str, CardPrinted]:
    return STREAM, CardPrinted(
        **CARD, workstation="WS-2", chip_serial=chip, blank_in_hand=blank_in_hand, printed_at=LATER
    )


def spoiled() -> tuple[str, CardSpoiled]:
    return STREAM, CardSpoiled(**CARD, cause="DEAD_CHIP", workstation="WS-2", spoiled_at=LATER)


def level(name: str, item: str = "KTP_WNI") -> tuple[str, StockLevelNoted]:
    noted = StockLevelNoted(office=BENGKULU, item=item, level=name, episode=3, since=NOON, as_of=LATER)
    return f"queue/{BENGKULU}/{item}", noted


def queue_job(**changes: Any) -> QueueJob:
    return QueueJob(now=NOON, occurred_at=NOON, **{**CARD, "applicant": "A-17", **changes})


def record_printed(**changes: Any) -> RecordPrinted:
    report = {**REPORT, "chip_serial": "04A1", "blank_in_hand": False, **changes}
    return RecordPrinted(now=LATER, occurred_at=LATER, **report)


def record_spoiled(**changes: Any) -> RecordSpoiled:
    return RecordSpoiled(now=LATER, occurred_at=LATER, **{**REPORT, "cause": "DEAD_CHIP", **changes})


def note_level(name: str) -> NoteStockLevel:
    return NoteStockLevel(
        now=LATER, occurred_at=NOON, office=BENGKULU, item="KTP_WNI", level=name, episode=3, as_of=LATER
    )


printing = Scenario(PRINTING)
waiting = printing.given([queued()])
done = waiting.given([printed()])


def test_a_request_puts_a_job_into_the_queue() -> None:
    assert printing.when(queue_job()) == [queued()]


def test_the_same_request_twice_is_one_job() -> None:
    assert waiting.when(queue_job()) == []


@pytest.mark.parametrize("change", [{"applicant": "A-18"}, {"item": "KIA"}, {"reason": "FIRST"}, {"office": "17.01"}])
def test_an_id_that_means_another_job_already_is_refused(change: dict[str, str]) -> None:
    assert waiting.refused(queue_job(**change)).code == "job_id_taken"


def test_a_request_sent_again_after_its_card_was_printed_elsewhere_is_still_the_same() -> None:
    assert done.when(queue_job()) == []


def test_a_printed_card_is_recorded_with_what_the_job_says_of_it() -> None:
    assert waiting.when(record_printed()) == [printed()]


def test_the_applicant_of_a_card_stays_in_printing() -> None:
    promised = set().union(*(fact.__struct_fields__ for fact in PRINTING.promised))
    assert "applicant" not in promised
    assert {fact.__name__ for fact in PRINTING.promised} == {"CardPrinted", "CardSpoiled"}


def test_the_same_card_reported_twice_is_one_card() -> None:
    assert done.when(record_printed()) == []
    assert done.when(record_printed(chip_serial=None)) == []


def test_a_second_card_of_one_job_has_used_a_blank_and_asks_to_be_explained() -> None:
    question = SecondCardPrinted(office=BENGKULU, job=JOB, chip_serial="04B2", earlier=("04A1",))
    assert done.when(record_printed(chip_serial="04B2")) == [printed("04B2"), (STREAM, question)]


def test_a_second_card_is_known_again_when_it_is_reported_again() -> None:
    both = done.given([printed("04B2")])
    assert both.when(record_printed(chip_serial="04B2")) == []
    assert both.when(record_printed(chip_serial="04A1")) == []


def test_an_empty_book_asks_whether_the_blank_is_in_hand() -> None:
    assert waiting.given([level("EMPTY")]).refused(record_printed()).code == "blank_not_confirmed"


def test_an_empty_book_does_not_stop_a_card_whose_blank_is_in_hand() -> None:
    empty = waiting.given([level("EMPTY")])
    assert empty.when(record_printed(blank_in_hand=True)) == [printed(blank_in_hand=True)]


def test_a_card_reported_before_the_book_was_empty_is_known_without_asking() -> None:
    assert done.given([level("EMPTY")]).when(record_printed()) == []


@pytest.mark.parametrize("name", ["OK", "LOW", "CRITICAL"])
def test_a_book_that_still_has_blanks_asks_nothing(name: str) -> None:
    assert waiting.given([level(name)]).when(record_printed()) == [printed()]


def test_an_empty_book_of_children_cards_stops_no_other_card() -> None:
    assert waiting.given([level("EMPTY", "KIA")]).when(record_printed()) == [printed()]


def test_a_card_of_an_unknown_job_is_a_job_that_begins_with_its_print() -> None:
    assert printing.when(record_printed(item="KTP_WNI", reason="LOST")) == [printed()]


def test_a_card_of_an_unknown_job_must_say_what_it_is() -> None:
    assert printing.refused(record_printed()).code == "job_unknown"


def test_what_a_report_says_of_a_known_job_does_not_change_it() -> None:
    assert waiting.when(record_printed(item="KIA", reason="MOVE")) == [printed()]


def test_a_request_that_arrives_after_its_card_names_the_applicant_and_does_not_queue_again() -> None:
    unasked = printing.given([printed()])
    late = STREAM, RequestCameLate(office=BENGKULU, job=JOB, applicant="A-17", requested_at=NOON)
    assert unasked.when(queue_job()) == [late]
    assert unasked.given([late]).when(queue_job()) == []


def test_another_office_cannot_touch_the_job() -> None:
    assert waiting.refused(record_printed(office="17.01")).code == "job_elsewhere"


def test_a_spoiled_blank_leaves_the_job_in_the_queue() -> None:
    assert waiting.when(record_spoiled()) == [spoiled()]
    state = waiting.given([spoiled()]).state(STREAM)
    assert (state.place, state.tries) == ("QUEUED", 1)


def test_every_spoiled_blank_counts() -> None:
    assert waiting.given([spoiled()]).when(record_spoiled()) == [spoiled()]


def test_a_spoiled_blank_of_an_unknown_job_is_recorded_once_it_says_what_it_was() -> None:
    assert printing.refused(record_spoiled()).code == "job_unknown"
    assert printing.when(record_spoiled(item="KTP_WNI", reason="LOST")) == [spoiled()]


def test_printing_remembers_what_stock_says_and_since_when() -> None:
    assert printing.when(note_level("LOW")) == [level("LOW")]


def test_the_same_news_twice_is_noted_once() -> None:
    assert printing.given([level("LOW")]).when(note_level("LOW")) == []


def test_a_level_that_worsens_within_its_episode_is_news() -> None:
    assert printing.given([level("LOW")]).when(note_level("EMPTY")) == [level("EMPTY")]


def test_the_end_of_a_shortage_is_news() -> None:
    assert printing.given([level("EMPTY")]).when(note_level("OK")) == [level("OK")]
