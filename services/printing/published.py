"""What printing promises others, and in which version. The applicant stays here: no promised fact knows one."""

from services.printing.domain import CardPrinted, CardSpoiled
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {CardPrinted: 1, CardSpoiled: 1}
