"""The words of printing: items, reasons, places of a job, causes, levels, documents."""

from typing import Literal, get_args

Card = Literal["KTP_WNI", "KTP_WNA", "KIA"]
"""The items a card is printed on."""
Reason = Literal["FIRST", "LOST", "DAMAGED", "CHANGE", "MOVE"]
Place = Literal["NOWHERE", "QUEUED", "CLAIMED", "HELD", "PRINTED", "HANDED_OVER", "CANCELLED"]
"""Where a job is: in exactly one place. HELD waits for a person's decision."""
Cause = Literal["ENCODE_FAILURE", "MISPRINT", "DAMAGED", "DEAD_CHIP"]
Level = Literal["OK", "LOW", "CRITICAL", "EMPTY"]
"""What stock says of the blanks behind a queue."""
PutOff = Literal["QUOTA", "EMPTY"]
"""Why a card is owed: its class's quota of the day was used up, or there was no blank when it was asked for."""
Supply = Literal["RIBBON", "FILM"]
"""What a printer uses up besides blanks."""
Document = Literal["KK", "KIA", "BIRTH_CERTIFICATE", "DEATH_CERTIFICATE", "MARRIAGE_CERTIFICATE", "MOVE_LETTER"]
"""What else the same counter issues. All but the KIA are printed on plain A4."""
Alarm = Literal["NUMBER_ELSEWHERE", "LOST_NUMBER_USED"]
"""What stock finds of a printed number: another office holds it, or it was reported lost."""

CARDS: tuple[Card, ...] = get_args(Card)
ALARMS: tuple[Alarm, ...] = get_args(Alarm)
REASONS: tuple[Reason, ...] = get_args(Reason)
SHORTAGE: tuple[Level, ...] = ("LOW", "CRITICAL", "EMPTY")
