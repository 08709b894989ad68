"""HTTP: what is not enough for all is divided: simulated by one, approved by another."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, Pieces, PromisedOn, api, in_scope, known_office, told
from services.stock.domain import CENTRE, ApproveShares, Item, SimulateShares
from shared.auth import Role
from shared.http import Body, NotFound, Problem, SafeStr, allow, engine_of, fault_at, polled, principal, write
from shared.moments import utcnow
from shared.offices import Offices


class Division(Body):
    """So much to divide of what `from_office` has: among these offices, or all cities and regencies in its care.

    `simulation` is an id that the caller made.
    """

    simulation: UUID
    from_office: SafeStr
    item: Item
    quantity: Pieces
    offices: list[SafeStr] | None = None


class Batch(Body):
    """The simulation that is approved as it is. `batch` is an id that the caller made."""

    batch: UUID
    simulation: UUID
    promised_on: PromisedOn
    reason: SafeStr


@api.post("/allocations/simulations")
@allow(Role.NATIONAL, Role.PROVINCE)
async def simulate_shares(request: Request, body: Division) -> Response:
    """Says how much each office would be given, and why. Promises nothing."""
    giver = own(request, body.from_office, "/body/from_office")
    asked = sorted(among(request, giver, body.offices))
    async with engine_of(request).connect() as connection:
        coming = await views.coming(connection, body.item)
    command = SimulateShares(
        **told(request, giver, body.item),
        simulation=str(body.simulation),
        quantity=body.quantity,
        offices=tuple(asked),
        in_transit=coming,
        simulated_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/allocations/simulations/{simulation}")
@allow(*READERS)
async def get_simulation(request: Request, simulation: UUID) -> Response:
    """A simulation with its lines, for those who may see whose blanks it divides."""
    async with engine_of(request).connect() as connection:
        simulated = await views.simulated(connection, str(simulation))
    if simulated is None or not in_scope(request, simulated.office):
        raise NotFound("simulation")
    return polled(request, simulated)


@api.post("/allocations/batches")
@allow(Role.NATIONAL, Role.PROVINCE)
async def approve_shares(request: Request, body: Batch) -> Response:
    """Promises each office what was simulated, all at once. Refused if the stock has changed since."""
    async with engine_of(request).connect() as connection:
        simulated = await views.simulated(connection, str(body.simulation))
        coming = {} if simulated is None else await views.coming(connection, simulated.item)
    if simulated is None or not in_scope(request, simulated.office):
        raise fault_at("/body/simulation", "unknown_simulation", "Should be the id of a simulation")
    command = ApproveShares(
        **told(request, own(request, simulated.office, "/body/simulation"), simulated.item),
        simulated=simulated,
        batch=str(body.batch),
        promised_on=body.promised_on,
        reason=body.reason,
        in_transit=coming,
        approved_by=principal(request).subject,
    )
    return await write(request, body, command)


def own(request: Request, office: str, at: str) -> str:
    """The office whose blanks the caller may divide: the centre, or the province's own. Raises a `Problem`."""
    who = principal(request)
    if known_office(request, office, at).id != (CENTRE if who.role is Role.NATIONAL else who.region):
        raise Problem(403, "not_allowed", "The national desk divides the centre's blanks, a province its own.")
    return office


def among(request: Request, giver: str, named: list[str] | None) -> set[str]:
    """The offices that are named, or all cities and regencies in the caller's scope. Raises a 422 `Problem`."""
    everywhere: Offices = request.app.state.offices
    region, now = principal(request).region, utcnow()
    if named is None:
        cities = (office.id for office in everywhere.all() if office.serves)
        return {office for office in cities if everywhere.within(region, office, now)}
    for n, office in enumerate(named):
        if office == giver or not everywhere.within(region, office, now):
            raise fault_at(f"/body/offices/{n}", "unknown_office", "Should be the id of another office in your scope")
    if not named:
        raise fault_at("/body/offices", "too_short", "Should name an office")
    return set(named)
