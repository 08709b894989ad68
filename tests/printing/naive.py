"""The naive clerk: a slip of paper for each card that is owed, a drawer for the policies, a note of what stock said.

The rules of printing are written here a second time, from its words and slowly. The clerk is told every
command, answers with the facts that should follow, as (name, job), or says `No`, and moves the slips. It knows
nothing of streams, states or rows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Answer = list[tuple[str, str | None]]
RANKS = {"FIRST": 1, "DISASTER": 2, "SUKET": 3, "CHANGED": 4, "REPLACEMENT": 5}
CLASSES = {"FIRST": "FIRST", "CHANGE": "CHANGED", "MOVE": "CHANGED", "LOST": "REPLACEMENT", "DAMAGED": "REPLACEMENT"}
"""The order in shortage, and the classes of reasons, as the press reported them."""


def held_by_two(log: Iterable[tuple[datetime, Any]]) -> list[str]:
    """Jobs that were given to somebody while another had them, by the facts alone, each with when it was recorded."""
    until: dict[str, tuple[str, datetime]] = {}
    twice = []
    for recorded_at, fact in log:
        match type(fact).__name__:
            case "JobClaimed":
                if fact.job in until and recorded_at < until[fact.job][1]:
                    twice.append(fact.job)
                until[fact.job] = (fact.claim, fact.until)
            case "CardNotPrinted" if until.get(fact.job, ("",))[0] == fact.claim:
                del until[fact.job]
            case "CardPrinted" | "DecisionAwaited" | "JobCancelled":
                until.pop(fact.job, None)
    return twice


class No(Exception):
    """A request that should be refused, or a report that should be completed, with this code."""

    @property
    def code(self) -> str:
        return str(self.args[0])


@dataclass
class Hold:
    """A workstation took a job, until then."""

    claim: str
    workstation: str
    until: datetime
    in_hand: bool


@dataclass
class Slip:
    """A card that is owed or was. `lost` are holds that ended without a word about the card.

    `owed` says why it was put off; `placed` that it has its place in the quota of a day.
    """

    office: str
    item: str
    reason: str
    applicant: str | None
    ready: datetime
    waits_in: str = ""
    owed: str | None = None
    placed: bool = False
    where: str = "WAITING"
    hold: Hold | None = None
    lost: list[Hold] = field(default_factory=list)
    cards: list[str | None] = field(default_factory=list)
    spoiled: int = 0
    forgiven: int = 0
    letter: str | None = None
    letter_until: date = date.min
    old_card: bool = False

    @property
    def place(self) -> str:
        if self.where == "WAITING":
            return "QUEUED" if self.hold is None else "CLAIMED"
        return self.where

    @property
    def waits(self) -> bool:
        return self.where in ("WAITING", "HELD")

    def holder(self, now: datetime) -> Hold | None:
        """Who has it at this moment."""
        return self.hold if self.hold is not None and now < self.hold.until else None

    def said(self, claim: str | None) -> None:
        """Whoever had it under this claim has said what became of the card."""
        self.lost = [hold for hold in self.lost if hold.claim != claim]

    def taken_away(self, claim: str | None) -> None:
        """Nobody has it any more; whoever had it, under another claim than this, still has to speak."""
        if self.hold is not None and self.hold.claim != claim:
            self.lost.append(self.hold)
        self.hold = None


@dataclass(frozen=True)
class Rules:
    """A policy as it was set: `quotas` are cards a day by class and level; no ranks: the nation's hold again."""

    version: int
    starts_on: date
    quotas: dict[tuple[str, str], int]
    ranks: dict[str, int]
    tries: int
    age_limit: timedelta
    classes: dict[str, str]

    def class_of(self, reason: str) -> str:
        """Where a reason waits: in the last class, unless another names it."""
        return self.classes.get(reason, list(self.ranks)[-1])


class Clerk:
    """Everything that was told."""

    def __init__(self) -> None:
        self.slips: dict[str, Slip] = {}
        self.levels: dict[tuple[str, str], str] = {}
        self.on_hand: dict[tuple[str, str], int] = {}
        self.rules: dict[str, list[Rules]] = {}
        self.ever_set: list[tuple[str, Rules]] = []
        self.letters: list[tuple[date, int, tuple[str, ...], int]] = []
        self.versions: Counter[str] = Counter()
        self.quotas: dict[tuple[str, str], tuple[date, dict[str, int]]] = {}
        """Of each queue the newest day, and the places taken on it."""

    def tell(self, command: Any) -> Answer:
        """The facts that should follow. Raises `No`, and then no slip was moved."""
        answer: Answer = getattr(self, type(command).__name__)(command)
        return answer

    def unsaid(self, office: str, workstation: str, now: datetime) -> set[tuple[str, str]]:
        """The jobs and claims of which a workstation has to say what became of them, for their time is over."""
        return {
            (job, hold.claim)
            for job, slip in self.slips.items()
            if slip.office == office
            for hold in (*slip.lost, *([slip.hold] if slip.hold else []))
            if hold.workstation == workstation and hold.until <= now
        }

    def in_force(self, office: str, day: date) -> Rules:
        """The office's own policy of that day, else the nation's, else what is usual."""
        for whose in (office, "00"):
            begun = [rules for rules in self.rules.get(whose, []) if rules.starts_on <= day]
            if begun:
                newest = max(begun, key=lambda rules: (rules.starts_on, rules.version))
                if newest.ranks:
                    return newest
        return Rules(0, date.min, {}, RANKS, 3, timedelta(days=14), CLASSES)

    def _room(self, command: Any, item: str, waits_in: str) -> int | None:
        """Places that the quota of the day has left for a class. Of a day that is over there is none to give."""
        level = self.levels.get((command.office, item), "")
        quota = self.in_force(command.office, command.day).quotas.get((waits_in, level))
        if quota is None:
            return None
        newest, taken = self.quotas.get((command.office, item), (command.day, {}))
        return quota - (taken.get(waits_in, 0) if command.day <= newest else 0)

    def _take_place(self, command: Any, item: str, waits_in: str) -> None:
        newest, taken = self.quotas.get((command.office, item), (command.day, {}))
        if command.day > newest:
            newest, taken = command.day, {}
        self.quotas[command.office, item] = (newest, taken | {waits_in: taken.get(waits_in, 0) + 1})

    def _slip(self, command: Any) -> Slip:
        slip = self.slips.get(command.job)
        if slip is None:
            raise No("job_unknown")
        if slip.office != command.office:
            raise No("job_elsewhere")
        return slip

    # Cards are asked for.

    def QueueJob(self, command: Any) -> Answer:  # noqa: N802
        facts, took = self._request(command, command.request)
        return facts + ([("QuotaTaken", None)] if took else [])

    def QueueJobs(self, command: Any) -> Answer:  # noqa: N802
        facts: Answer = []
        took = set()
        for request in command.requests:
            try:
                more, place = self._request(command, request)
            except No:
                continue
            facts += more
            took |= {request.item} if place else set()
        return facts + [("QuotaTaken", None)] * len(took)

    def _request(self, command: Any, request: Any) -> tuple[Answer, bool]:
        slip = self.slips.get(request.job)
        if slip is not None:
            if (slip.office, slip.item, slip.reason) != (command.office, request.item, request.reason):
                raise No("job_id_taken")
            if slip.applicant is None:
                slip.applicant = request.applicant
                return [("RequestCameLate", request.job)], False
            if slip.applicant != request.applicant:
                raise No("job_id_taken")
            return [], False
        rules = self.in_force(command.office, command.day)
        waits_in = request.priority or rules.class_of(request.reason)
        if waits_in not in rules.ranks:
            raise No("class_unknown")
        room, owed = self._room(command, request.item, waits_in), None
        if room is None:
            owed = "EMPTY" if self.levels.get((command.office, request.item)) == "EMPTY" else None
        elif room < 1:
            owed = "QUOTA"
        else:
            self._take_place(command, request.item, waits_in)
        placed = room is not None and room > 0
        slip = Slip(command.office, request.item, request.reason, request.applicant, request.print_ready_at)
        slip.waits_in, slip.owed, slip.placed = waits_in, owed, placed
        self.slips[request.job] = slip
        return [("JobQueued", request.job)], placed

    # A workstation takes them.

    def ClaimJobs(self, command: Any) -> Answer:  # noqa: N802
        if self.unsaid(command.office, command.workstation, command.now):
            raise No("cards_undeclared")
        if self.levels.get((command.office, command.item)) == "EMPTY" and not command.blanks_in_hand:
            raise No("blank_not_confirmed")
        facts: Answer = []
        took = False
        for job in command.candidates:
            slip = self.slips.get(job)
            if len(facts) == command.jobs or slip is None or slip.where != "WAITING" or slip.holder(command.now):
                continue
            if (slip.office, slip.item) != (command.office, command.item):
                continue
            too_long = slip.ready < command.now - self.in_force(command.office, command.day).age_limit
            placed = slip.placed or too_long
            room = None if placed else self._room(command, slip.item, slip.waits_in)
            if room is not None and room < 1:
                continue
            if room is not None:
                self._take_place(command, slip.item, slip.waits_in)
                placed = took = True
            slip.placed = placed
            slip.taken_away(None)
            slip.hold = Hold(command.claim, command.workstation, command.until, command.blanks_in_hand)
            facts.append(("JobClaimed", job))
        return facts + ([("QuotaTaken", None)] if took else [])

    def DeclareNotPrinted(self, command: Any) -> Answer:  # noqa: N802
        slip = self._slip(command)
        has = slip.hold is not None and slip.hold.claim == command.claim
        if not has and all(hold.claim != command.claim for hold in slip.lost):
            return []
        if has:
            slip.hold = None
        slip.said(command.claim)
        return [("CardNotPrinted", command.job)]

    # What came out of a printer.

    def RecordPrinted(self, command: Any) -> Answer:  # noqa: N802
        slip = self._reported(command)
        claim = self._claim(command, slip)
        mine = slip.hold is not None and slip.hold.claim == claim
        unsaid = mine or any(hold.claim == claim for hold in slip.lost)
        if command.chip_serial is not None and command.chip_serial in slip.cards:
            return []
        # Without a serial it is another card only if somebody says so who has not spoken yet, or has no claim.
        said_before = not unsaid if claim is not None else not command.declared
        if command.chip_serial is None and slip.cards and said_before:
            return []
        anothers = slip.holder(command.now) is not None and not mine
        if (anothers or not slip.waits) and not command.declared:
            raise No("declare_card")
        in_hand = command.blank_in_hand or command.declared or (mine and slip.hold is not None and slip.hold.in_hand)
        if self.levels.get((command.office, slip.item)) == "EMPTY" and not in_hand:
            raise No("blank_not_confirmed")
        self.slips[command.job] = slip
        slip.said(claim)
        slip.taken_away(claim)
        slip.cards.append(command.chip_serial)
        slip.where = "HANDED_OVER" if slip.where == "HANDED_OVER" else "PRINTED"
        second = len(slip.cards) > 1
        return [("CardPrinted", command.job)] + ([("SecondCardPrinted", command.job)] if second else [])

    def RecordSpoiled(self, command: Any) -> Answer:  # noqa: N802
        slip = self.slips[command.job] = self._reported(command)
        claim = self._claim(command, slip)
        slip.said(claim)
        slip.spoiled += 1
        tries = self.in_force(command.office, command.day).tries
        if slip.where != "WAITING" or slip.spoiled - slip.forgiven < tries:
            return [("CardSpoiled", command.job)]
        slip.where = "HELD"
        slip.taken_away(claim)
        return [("CardSpoiled", command.job), ("DecisionAwaited", command.job)]

    def _reported(self, command: Any) -> Slip:
        if command.job not in self.slips:
            if command.item is None or command.reason is None:
                raise No("job_unknown")
            return Slip(command.office, command.item, command.reason, None, command.occurred_at)
        return self._slip(command)

    def _claim(self, command: Any, slip: Slip) -> str | None:
        """The claim that is named, or else the last under which this workstation has or had the job and is silent."""
        if command.claim is not None:
            return str(command.claim)
        own = [
            hold
            for hold in (*slip.lost, *([slip.hold] if slip.hold else []))
            if hold.workstation == command.workstation
        ]
        return own[-1].claim if own else None

    # At the head's desk and at the counter.

    def CancelJob(self, command: Any) -> Answer:  # noqa: N802
        slip = self._slip(command)
        if slip.where == "CANCELLED":
            return []
        if slip.cards:
            raise No("already_printed")
        if slip.holder(command.now):
            raise No("job_claimed")
        slip.taken_away(None)
        slip.where = "CANCELLED"
        return [("JobCancelled", command.job)]

    def ResumeJob(self, command: Any) -> Answer:  # noqa: N802
        slip = self._slip(command)
        if slip.where != "HELD":
            raise No("not_held")
        slip.where, slip.forgiven = "WAITING", slip.spoiled
        return [("JobResumed", command.job)]

    def HandOver(self, command: Any) -> Answer:  # noqa: N802
        slip = self._slip(command)
        if slip.where not in ("PRINTED", "HANDED_OVER"):
            raise No("not_printed")
        facts: Answer = [("CardHandedOver", command.job)] if slip.where == "PRINTED" else []
        slip.where = "HANDED_OVER"
        if command.old_card_withdrawn and not slip.old_card:
            slip.old_card = True
            facts.append(("OldCardWithdrawn", command.job))
        return facts

    def IssueLetter(self, command: Any) -> Answer:  # noqa: N802
        slip = self._slip(command)
        if not slip.waits:
            raise No("no_card_owed")
        if slip.letter is not None:
            if slip.letter == command.letter:
                return []
            if command.day <= slip.letter_until:
                raise No("letter_valid")
        begun = [letters for letters in self.letters if letters[0] <= command.day]
        _, _, allowed, days = max(begun) if begun else (date.min, 0, (), 0)
        if self.levels.get((command.office, slip.item)) not in allowed:
            raise No("letter_forbidden")
        slip.letter, slip.letter_until = command.letter, command.day + timedelta(days=days)
        ranks = self.in_force(command.office, command.day).ranks
        if "SUKET" in ranks and ranks["SUKET"] < ranks.get(slip.waits_in, len(RANKS) + 1):
            slip.waits_in = "SUKET"
        return [("SubstituteLetterIssued", command.job)]

    def ExpireLetter(self, command: Any) -> Answer:  # noqa: N802
        slip = self.slips[command.job]
        if slip.letter != command.letter or not slip.waits:
            return []
        slip.letter = None
        return [("SubstituteLetterExpired", command.job)]

    # What others say.

    def NoteStock(self, command: Any) -> Answer:  # noqa: N802
        queue = (command.office, command.item)
        level = command.level or self.levels.get(queue)
        if level is None or (level, command.on_hand) == (self.levels.get(queue), self.on_hand.get(queue)):
            return []
        self.levels[queue], self.on_hand[queue] = level, command.on_hand
        return [("StockLevelNoted", None)]

    def SetQueuePolicy(self, command: Any) -> Answer:  # noqa: N802
        version = self._version(command.office)
        quotas = {(each.name, level): n for each in command.classes for level, n in each.quotas.items()}
        ranks = {each.name: each.shortage_rank for each in command.classes}
        classes = {reason: each.name for each in command.classes for reason in each.reasons}
        rules = Rules(
            version, command.starts_on, quotas, ranks, command.tries, timedelta(days=command.age_limit_days), classes
        )
        # What is over is thrown away: a day before goes by the nation's policy, or by what is usual.
        before = self.rules.get(command.office, [])
        newest = max(
            (r for r in before if r.starts_on <= command.day), key=lambda r: (r.starts_on, r.version), default=None
        )
        kept = [r for r in before if r is newest or r.starts_on > command.day]
        self.rules[command.office] = [*kept, rules]
        self.ever_set.append((command.office, rules))
        return [("QueuePolicySet", None)]

    def SetLetterPolicy(self, command: Any) -> Answer:  # noqa: N802
        newest = max((each for each in self.letters if each[0] <= command.day), default=None)
        self.letters = [each for each in self.letters if each is newest or each[0] > command.day]
        self.letters.append((command.starts_on, self._version(command.office), command.levels, command.valid_days))
        return [("LetterPolicySet", None)]

    def _version(self, office: str) -> int:
        self.versions[office] += 1
        return self.versions[office]
