"""The story as it should stand on Kafka, event by event, whichever topic each is on."""

from collections.abc import Iterable

from examples.demo.witness import Event, require

STORY = {
    "BlanksReceived",
    "BlanksDispatched",
    "ConsignmentAnnounced",
    "AllocationApproved",
    "VarianceRecorded",
    "DiscrepancyFound",
    "StockLow",
    "StockRecovered",
    "EscalationOpened",
    "EscalationClimbed",
    "EscalationAcknowledged",
    "EscalationDeclined",
    "EscalationResolved",
    "NoticeSent",
}
"""Events of which each one counts, and not only their number."""

EXPECTED = (
    "00 BlanksReceived 1200000 OPENING",
    "00 BlanksReceived 300000 PROCUREMENT",
    "17.71 BlanksReceived 1450 OPENING",
    "17.71 BlanksReceived 60 OPENING",
    "00 BlanksDispatched 10000",
    "17.71 ConsignmentAnnounced 10000",
    "17.71 BlanksReceived 10000 CENTRE",
    "17.71 StockLow LOW",
    "17.71 EscalationOpened CITY",
    "17.71 NoticeSent SHORTAGE head",
    "17.71 EscalationClimbed PROVINCE NO_ANSWER",
    "17.71 NoticeSent CLIMBED head",
    "17.71 NoticeSent CLIMBED province",
    "17.71 EscalationDeclined PROVINCE",
    "17.71 EscalationClimbed NATIONAL DECLINED",
    "17.71 NoticeSent CLIMBED head",
    "17.71 NoticeSent CLIMBED province",
    "17.71 NoticeSent CLIMBED national",
    "17.71 AllocationApproved 8000",
    "00 BlanksDispatched 8000",
    "17.71 ConsignmentAnnounced 8000",
    "17.71 BlanksReceived 8000 CENTRE",
    "17.71 StockRecovered",
    "17.71 EscalationResolved",
    "17.71 NoticeSent RESOLVED head",
    "17.71 NoticeSent RESOLVED province",
    "17.71 NoticeSent RESOLVED national",
)


def told(event: Event) -> str:
    """An event in a line: whose, what, and how much or how far."""
    shown = {
        "NoticeSent": ("kind", "recipient_role"),
        "EscalationClimbed": ("level", "cause"),
        "StockRecovered": (),
        "BlanksReceived": ("quantity", "source"),
    }.get(event.type, ("quantity", "level"))
    parts = (event.body[name] for name in shown if name in event.body)
    return " ".join(map(str, (event.office, event.type, *parts)))


def check_story(every: Iterable[Event]) -> int:
    """How many events the story has. Raises `NotAsItShouldBe` at the first that is another one."""
    story = [told(event) for event in every if event.type in STORY]
    for number, (heard, expected) in enumerate(zip(story, EXPECTED, strict=False), start=1):
        require(heard == expected, f"event {number} of the story is “{heard}”, expected “{expected}”")
    require(len(story) == len(EXPECTED), f"the story has {len(story)} events, expected {len(EXPECTED)}")
    return len(story)
