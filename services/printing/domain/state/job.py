"""A card that is owed, from the request to the citizen's hand."""

from datetime import date, datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.printing.domain.facts import (
    CardHandedOver,
    CardNotPrinted,
    CardPrinted,
    CardSpoiled,
    DecisionAwaited,
    JobCancelled,
    JobClaimed,
    JobFact,
    JobQueued,
    JobResumed,
    OldCardWithdrawn,
    RequestCameLate,
    SecondCardPrinted,
    SubstituteLetterExpired,
    SubstituteLetterIssued,
)
from services.printing.domain.words import Place, PutOff
from shared.decider import State


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which workstation has, or had, a job, and until when."""

    claim: str
    workstation: str
    until: datetime


class Job(State, frozen=True, omit_defaults=True):
    """One card that is owed.

    `tries` counts the blanks spoiled for it, `cards` what was printed for it, both for ever, with the numbers of their
    `chips` and `blanks` that were told;
    `tries_allowed_from` is how many tries there were when a person last decided. `claim` is the one it
    is under while it is CLAIMED, though its time may be over; `lapsed` are claims that lost it without saying whether
    they made a card. `placed`: it has its place in a quota of a day. `letter` is the substitute letter
    that its applicant has.
    """

    place: Place = "NOWHERE"
    office: str = ""
    item: str = ""
    location: str = ""
    reason: str = ""
    priority: str = ""
    applicant: str | None = None
    queued_at: datetime | None = None
    print_ready_at: datetime | None = None
    put_off: PutOff | None = None
    placed: bool = False
    claim: Claim | None = None
    blanks_in_hand: bool = False
    lapsed: tuple[Claim, ...] = ()
    printed_at: datetime | None = None
    handed_over_at: datetime | None = None
    old_card_withdrawn: bool = False
    tries: int = 0
    tries_allowed_from: int = 0
    cards: int = 0
    chips: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    letter: str | None = None
    letter_until: date | None = None

    @property
    def waits(self) -> bool:
        """A card is owed and there is none yet."""
        return self.place in ("QUEUED", "CLAIMED", "HELD")

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Those of which it was not said what became of the card: the lapsed, and the one it is under as the last."""
        return self.lapsed if self.claim is None else (*self.lapsed, self.claim)

    def claimed(self, now: datetime) -> bool:
        """Whether a workstation has it at this moment."""
        return self.claim is not None and now < self.claim.until

    def is_under(self, claim: str | None) -> bool:
        """Whether this is the claim it is under, though its time may be over."""
        return self.claim is not None and self.claim.claim == claim

    def may_report(self, claim: str) -> bool:
        """Whether a card of this claim has not been told of yet."""
        return any(each.claim == claim for each in self.claims)


def evolve_job(job: Job, fact: JobFact) -> Job:
    """The job after this fact."""
    match fact:
        case JobQueued():
            return Job(
                place="QUEUED",
                office=fact.office,
                item=fact.item,
                location=fact.location,
                reason=fact.reason,
                priority=fact.priority or "",
                applicant=fact.applicant,
                queued_at=fact.queued_at,
                print_ready_at=fact.print_ready_at or fact.queued_at,
                put_off=fact.put_off,
                placed=fact.put_off is None and fact.policy is not None,
            )
        case RequestCameLate():
            return replace(job, applicant=fact.applicant)
        case JobClaimed():
            claim = Claim(fact.claim, fact.workstation, fact.until)
            return replace(
                job,
                place="CLAIMED",
                claim=claim,
                placed=fact.placed,
                blanks_in_hand=fact.blanks_in_hand,
                lapsed=job.claims,
            )
        case CardNotPrinted():
            free = replace(job, place="QUEUED", claim=None) if job.is_under(fact.claim) else job
            return _declared(free, fact.claim)
        case CardPrinted():
            return replace(
                _declared(_unclaimed(_begun(job, fact, fact.printed_at), fact.claim), fact.claim),
                place="HANDED_OVER" if job.place == "HANDED_OVER" else "PRINTED",
                printed_at=job.printed_at or fact.printed_at,
                cards=job.cards + 1,
                chips=job.chips if fact.chip_serial is None else (*job.chips, fact.chip_serial),
                blanks=job.blanks if fact.blank_serial is None else (*job.blanks, fact.blank_serial),
            )
        case SecondCardPrinted():
            return job
        case CardSpoiled():
            return replace(_declared(_begun(job, fact, fact.spoiled_at), fact.claim), tries=job.tries + 1)
        case DecisionAwaited():
            return replace(_unclaimed(job, fact.claim), place="HELD")
        case JobResumed():
            return replace(job, place="QUEUED", tries_allowed_from=job.tries)
        case JobCancelled():
            return replace(_unclaimed(job, None), place="CANCELLED")
        case CardHandedOver():
            return replace(job, place="HANDED_OVER", handed_over_at=fact.handed_over_at)
        case OldCardWithdrawn():
            return replace(job, old_card_withdrawn=True)
        case SubstituteLetterIssued():
            return replace(job, letter=fact.letter, letter_until=fact.valid_through, priority=fact.priority)
        case SubstituteLetterExpired():
            return replace(job, letter=None)
    assert_never(fact)


def _begun(job: Job, fact: CardPrinted | CardSpoiled, at: datetime) -> Job:
    """The job, or, when it was not known, the job that begins with this report."""
    if job.place != "NOWHERE":
        return job
    return Job(
        place="QUEUED",
        office=fact.office,
        item=fact.item,
        location=fact.location,
        reason=fact.reason,
        queued_at=at,
        print_ready_at=at,
    )


def _unclaimed(job: Job, claim: str | None) -> Job:
    """Nobody's any more; whoever else had it still has to say what became of the card."""
    return replace(job, lapsed=job.lapsed if job.is_under(claim) else job.claims, claim=None)


def _declared(job: Job, claim: str | None) -> Job:
    return replace(job, lapsed=tuple(lapsed for lapsed in job.lapsed if lapsed.claim != claim))
