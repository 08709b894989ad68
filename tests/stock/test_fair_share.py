"""What is not enough for all is divided so that each office can be told why."""

from collections.abc import Sequence
from fractions import Fraction
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.stock.domain.fair_share import Claim, Need, Share, divide, fill
from services.stock.domain.levels import daily_use_default, thresholds_by_use
from shared.offices import offices

KOTA, TENGAH, SELUMA, KEPAHIANG = "17.71", "17.09", "17.05", "17.08"
PROVINCE = [
    Need(KOTA, available=280, daily_use=140_000, backlog=300, in_transit=0, floor=700),
    Need(TENGAH, available=45, daily_use=45_000, backlog=0, in_transit=0, floor=225),
    Need(SELUMA, available=600, daily_use=75_000, backlog=0, in_transit=0, floor=375),
    Need(KEPAHIANG, available=0, daily_use=50_000, backlog=100, in_transit=100, floor=250),
]
"""They have 2, 1, 8 and 2 days, their floors are 5, and Kota Bengkulu and Kepahiang owe cards."""


@pytest.mark.parametrize(
    ("quantity", "kota", "tengah", "seluma", "kepahiang"),
    [
        (0, (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)),
        # Floors: first Bengkulu Tengah up to the two days the others have, then three offices up to three days.
        (45, (0, 0, 0), (45, 0, 0), (0, 0, 0), (0, 0, 0)),
        (280, (140, 0, 0), (90, 0, 0), (0, 0, 0), (50, 0, 0)),
        (750, (420, 0, 0), (180, 0, 0), (0, 0, 0), (150, 0, 0)),
        # Cards owed: 300 to 100.
        (950, (420, 150, 0), (180, 0, 0), (0, 0, 0), (150, 50, 0)),
        (1_150, (420, 300, 0), (180, 0, 0), (0, 0, 0), (150, 100, 0)),
        # Cover: three offices up to the eight days of Seluma, then all four up to ten.
        (1_855, (420, 300, 420), (180, 0, 135), (0, 0, 0), (150, 100, 150)),
        (2_475, (420, 300, 700), (180, 0, 225), (0, 0, 150), (150, 100, 250)),
    ],
)
def test_kota_bengkulu_and_three_neighbours(
    quantity: int,
    kota: tuple[int, int, int],
    tengah: tuple[int, int, int],
    seluma: tuple[int, int, int],
    kepahiang: tuple[int, int, int],
) -> None:
    parts = {share.office: (share.floor, share.backlog, share.levelling) for share in divide(quantity, PROVINCE)}
    assert parts == {KOTA: kota, TENGAH: tengah, SELUMA: seluma, KEPAHIANG: kepahiang}


def test_a_share_says_how_many_days_it_makes_of_how_many() -> None:
    shares = {share.office: share for share in divide(2_475, PROVINCE)}
    assert {id: (share.cover_before, share.cover_after) for id, share in shares.items()} == {
        KOTA: (0, 100),
        TENGAH: (10, 100),
        SELUMA: (80, 100),
        KEPAHIANG: (0, 100),
    }


def test_cards_owed_are_printed_from_what_is_above_the_floor() -> None:
    seluma, kota = divide(75, [replace(PROVINCE[0], available=1_000), replace(PROVINCE[2], backlog=300)])
    assert (seluma.backlog, kota.backlog) == (75, 0), "of 300 owed, Seluma can print 225 and keep its 375"
    assert (seluma.cover_before, seluma.cover_after, kota.cover_before, kota.cover_after) == (40, 50, 50, 50)


def test_a_book_below_zero_is_an_empty_shelf() -> None:
    assert divide(500, [replace(PROVINCE[1], available=-90)]) == divide(500, [replace(PROVINCE[1], available=0)])


def test_a_high_floor_brings_nothing_before_the_others_have_as_many_days() -> None:
    modest, greedy = divide(300, [Need("17.01", 0, 30_000, 0, 0, 150), Need("17.02", 0, 30_000, 0, 0, 9_999)])
    assert (modest.floor, greedy.floor) == (150, 150)


def test_an_office_without_known_use_gets_its_floor_and_its_cards_and_no_more() -> None:
    known, unknown = divide(1_000, [Need("17.01", 0, 30_000, 0, 0, 150), Need("17.02", 0, 0, 20, 0, 100)])
    assert (unknown.floor, unknown.backlog, unknown.levelling, unknown.cover_after) == (100, 20, 0, None)
    assert known.quantity == 880
    assert [share.floor for share in divide(200, [PROVINCE[1], Need("17.02", 0, 0, 20, 0, 100)])] == [20, 180]


def test_if_no_use_is_known_stocks_are_levelled() -> None:
    bare = [Need("17.01", 50, 0, 0, 0, 0), Need("17.02", 0, 0, 0, 0, 0), Need("17.03", 900, 0, 0, 0, 0)]
    assert [share.quantity for share in divide(151, bare)] == [50, 101, 0]


def test_the_last_piece_goes_to_the_lower_id_if_all_else_is_equal() -> None:
    twins = [Need(id, 0, 30_000, 10, 0, 150) for id in ("17.03", "17.01", "17.02")]
    assert [share.quantity for share in divide(100, twins)] == [34, 33, 33]


@pytest.mark.parametrize("worse", [{"backlog": 5}, {"floor": 21}, {"available": 9}, {"in_transit": 2}])
def test_the_last_piece_goes_to_the_one_that_is_a_little_worse_off(worse: dict[str, int]) -> None:
    one = Need("17.01", available=10, daily_use=2_000, backlog=4, in_transit=3, floor=20)
    for quantity in range(80):
        got, no_less = divide(quantity, [one, replace(one, office="17.02", **worse)])
        assert no_less.quantity >= got.quantity, quantity


@pytest.mark.parametrize(("quantity", "needs"), [(-1, PROVINCE), (1, []), (1, [PROVINCE[0], PROVINCE[0]])])
def test_what_cannot_be_divided(quantity: int, needs: list[Need]) -> None:
    with pytest.raises(ValueError, match=r"divided|one share"):
        divide(quantity, needs)


def test_the_nations_blanks_are_divided_at_once() -> None:
    """No step may depend on the number of pieces: a loop over five million takes seconds."""
    uses = {office.id: daily_use_default(office.population, "KTP_WNI") for office in offices().all()[39:]}
    nation = [
        Need(id, (7 * place % 13) * use // 1000, use, 11 * place % 400, 0, thresholds_by_use(use).critical)
        for place, (id, use) in enumerate(uses.items())
    ]
    began = perf_counter()
    shares = divide(5_000_000, nation)
    assert perf_counter() - began < 1
    assert (len(shares), sum(share.quantity for share in shares)) == (514, 5_000_000)
    covers = [share.cover_after for share in shares if share.cover_after is not None]
    assert len(covers) == 514 and max(covers) - min(covers) <= 1


few = st.integers(0, 60)
uses = st.one_of(st.just(0), st.integers(1, 9), st.sampled_from([1_000, 2_000, 3_000]), st.integers(1, 9_999))
a_need = st.builds(
    Need, office=st.just(""), available=st.integers(-5, 60), daily_use=uses, backlog=few, in_transit=few, floor=few
)
some_needs = st.lists(a_need, min_size=1, max_size=6).map(
    lambda needs: [replace(need, office=f"17.{place:02}") for place, need in enumerate(needs, 1)]
)
quantities = st.integers(0, 500)


def parts(needs: Sequence[Need], shares: Sequence[Share]) -> list[tuple[Need, Share]]:
    return list(zip(sorted(needs, key=lambda need: need.office), shares, strict=True))


@given(quantities, some_needs)
def test_every_piece_is_given_and_explained(quantity: int, needs: list[Need]) -> None:
    shares = divide(quantity, needs)
    assert sum(share.quantity for share in shares) == quantity
    for share in shares:
        assert share.quantity == share.floor + share.backlog + share.levelling


@given(quantities, some_needs)
def test_nobody_is_given_less_than_nothing_or_more_than_is_lacking(quantity: int, needs: list[Need]) -> None:
    for need, share in parts(needs, divide(quantity, needs)):
        assert 0 <= share.floor <= need.lacking
        assert 0 <= share.backlog <= need.backlog
        assert share.levelling >= 0


@given(quantities, some_needs, st.data())
def test_the_order_in_which_offices_are_named_does_not_matter(
    quantity: int, needs: list[Need], data: st.DataObject
) -> None:
    assert divide(quantity, data.draw(st.permutations(needs))) == divide(quantity, needs)


OWING = [Need(id, 0, 0, cards, 0, 0) for id, cards in (("17.01", 6), ("17.02", 6), ("17.03", 2))]
"""By the largest remainder the last of them would be given 2 of 10 pieces, but 1 of 11."""


@given(quantities, st.integers(1, 9), some_needs)
@example(10, 1, OWING)
def test_more_to_divide_makes_no_share_smaller(quantity: int, more: int, needs: list[Need]) -> None:
    before, after = divide(quantity, needs), divide(quantity + more, needs)
    for was, now in zip(before, after, strict=True):
        assert (now.floor, now.backlog, now.levelling) == tuple(
            max(getattr(was, part), getattr(now, part)) for part in ("floor", "backlog", "levelling")
        )


@given(quantities, some_needs)
def test_a_part_begins_when_the_one_before_it_is_complete(quantity: int, needs: list[Need]) -> None:
    shares = parts(needs, divide(quantity, needs))
    if any(share.backlog or share.levelling for _, share in shares):
        assert all(share.floor == need.lacking for need, share in shares)
    if any(share.levelling for _, share in shares):
        assert all(share.backlog == need.unprintable for need, share in shares)


@given(quantities, some_needs)
def test_those_who_were_levelled_have_the_same_cover_within_one_piece(quantity: int, needs: list[Need]) -> None:
    shares = parts(needs, divide(quantity, needs))
    covers = [
        (need.stock - need.backlog + share.quantity, need.daily_use, share.levelling > 0)
        for need, share in shares
        if need.daily_use
    ]
    for pieces, use, levelled in covers:
        for others, other_use, _ in covers:
            assert not levelled or (pieces - 1) * other_use <= others * use, "its last piece belonged to the other"


@given(quantities, some_needs)
def test_floors_that_cannot_be_reached_are_filled_to_the_same_cover(quantity: int, needs: list[Need]) -> None:
    using = [(need, share) for need, share in parts(needs, divide(quantity, needs)) if need.daily_use]
    for need, share in using:
        for other, others in using:
            if share.floor and others.floor < other.lacking:
                assert (need.stock + share.floor - 1) * other.daily_use <= (other.stock + others.floor) * need.daily_use


@given(quantities, some_needs)
def test_backlogs_are_served_in_proportion_within_one_piece(quantity: int, needs: list[Need]) -> None:
    shares = parts(needs, divide(quantity, needs))
    for need, share in shares:
        for other, others in shares:
            uneven = share.backlog * other.unprintable - others.backlog * need.unprintable
            assert 2 * uneven <= need.unprintable + other.unprintable


@given(quantities, some_needs, st.tuples(few, few, few, few).filter(any), st.data())
def test_one_that_is_worse_off_in_every_respect_gets_no_less(
    quantity: int, needs: list[Need], by: tuple[int, int, int, int], data: st.DataObject
) -> None:
    better = data.draw(st.sampled_from(needs))
    worse = replace(
        better,
        office=data.draw(st.sampled_from(["00.00", "99.99"])),
        available=better.available - by[0],
        in_transit=max(better.in_transit - by[1], 0),
        backlog=better.backlog + by[2],
        floor=better.floor + by[3],
    )
    got = {share.office: share.quantity for share in divide(quantity, [*needs, worse])}
    same = (worse.stock, worse.backlog, worse.floor) == (better.stock, better.backlog, better.floor)
    assert got[worse.office] >= got[better.office] - same, "but for the last piece among equals"


claims = st.lists(st.builds(Claim, start=st.integers(0, 40), weight=st.integers(1, 60), most=st.integers(0, 30)))


@given(st.integers(0, 120), claims)
def test_whole_numbers_find_what_piece_by_piece_would(quantity: int, claims: list[Claim]) -> None:
    turns = sorted(
        (Fraction(start + 2 * piece, weight), place)
        for place, (start, weight, most) in enumerate(claims)
        for piece in range(most)
    )
    served = [place for _, place in turns[:quantity]]
    assert fill(quantity, claims) == [served.count(place) for place in range(len(claims))]
