"""The reference data, and what a move between provinces changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.offices import REGIONS, Offices, offices, read_table

TODAY = date(2026, 11, 24)
MOVED = date(2022, 12, 9)
CODES = [office.id for office in offices().all()]


def moving(*moves: tuple[str, str, str]) -> Offices:
    provinces, regencies = (read_table(REGIONS / f"{name}.csv") for name in ("provinces", "regencies"))
    named = [dict(zip(("office", "code", "since"), move, strict=True)) for move in moves]
    return Offices(provinces, regencies, named)


def test_there_are_514_cities_and_regencies_38_provinces_and_one_centre() -> None:
    kinds = [office.type for office in offices().all()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "kabupaten": 416,
        "kota": 98,
        "province": 38,
        "centre": 1,
    }
    assert sum(office.population for office in offices().all() if office.type in ("kota", "kabupaten")) == 284_973_643


def test_codes_are_text_so_11_10_is_not_11_1() -> None:
    office = offices().get("11.10")
    assert office is not None and office.name == "Kabupaten Aceh Singkil"
    assert offices().get("11.1") is None


@pytest.mark.parametrize(("id", "zone"), [("17.71", "WIB"), ("51.71", "WITA"), ("91.71", "WIT"), ("00", "WIB")])
def test_every_office_knows_its_time(id: str, zone: str) -> None:
    office = offices().get(id)
    assert office is not None and office.zone == zone


def test_a_service_has_a_topic_for_each_province_and_one_for_the_centre() -> None:
    topics = offices().topics("stock")
    assert len(set(topics)) == 39
    assert {offices().topic("stock", code, TODAY) for code in CODES} == set(topics)
    assert offices().topic("stock", "17.71", TODAY) == offices().topic("stock", "17", TODAY) == "blanko.17.stock"


@pytest.mark.parametrize(
    ("region", "id", "seen"),
    [
        ("17.71", "17.71", True),
        ("17", "17.71", True),
        ("17", "17", True),
        ("00", "17.71", True),
        ("00", "17", True),
        ("00", "00", True),
        ("17.71", "17", False),
        ("17.71", "17.01", False),
        ("17", "18.71", False),
        ("17", "00", False),
        ("32.1", "32.10", False),
        ("3", "32.10", False),
        ("1", "17.71", False),
        ("17.", "17.71", False),
        ("", "17.71", False),
        ("00", "99.99", False),
        ("99", "99.99", False),
    ],
)
def test_scope_goes_by_segments(region: str, id: str, seen: bool) -> None:
    assert offices().within(region, id, TODAY) is seen


@given(st.sampled_from(CODES), st.sampled_from(CODES))
def test_nobody_but_the_centre_sees_across_provinces(region: str, id: str) -> None:
    if offices().within(region, id, TODAY):
        assert region == "00" or offices().province_of(region, TODAY) == offices().province_of(id, TODAY)


def test_a_move_between_provinces_changes_topic_and_scope_from_that_day() -> None:
    moved = moving(("92.02", "96.99", MOVED.isoformat()))
    before = MOVED - timedelta(days=1)
    assert moved.topic("stock", "92.02", before) == "blanko.92.stock"
    assert moved.topic("stock", "92.02", MOVED) == "blanko.96.stock"
    assert moved.within("92", "92.02", before) and not moved.within("92", "92.02", MOVED)
    assert moved.within("96", "92.02", MOVED) and not moved.within("96", "92.02", before)
    assert moved.within("92.02", "92.02", MOVED) and moved.within("96.99", "92.02", MOVED)
    office = moved.get("92.02")
    assert office is not None and office.code(before) == "92.02" and office.code(MOVED) == "96.99"


def test_a_move_begins_with_the_day_at_the_office_not_in_greenwich() -> None:
    moved = moving(("92.02", "96.99", MOVED.isoformat()))
    midnight_in_papua = datetime(2022, 12, 8, 15, tzinfo=UTC)
    assert moved.topic("stock", "92.02", midnight_in_papua) == "blanko.96.stock"
    assert moved.topic("stock", "92.02", midnight_in_papua - timedelta(seconds=1)) == "blanko.92.stock"


def test_an_office_that_moves_twice_has_the_code_of_each_time() -> None:
    moved = moving(("92.02", "91.98", "2025-01-01"), ("92.02", "96.99", MOVED.isoformat()))
    office = moved.get("92.02")
    assert office is not None
    assert [office.code(date(year, 6, 1)) for year in (2022, 2024, 2026)] == ["92.02", "96.99", "91.98"]


def test_a_move_of_an_office_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"99\.99"):
        moving(("99.99", "96.99", "2025-01-01"))


def test_the_centre_is_in_jakarta() -> None:
    centre, jakarta = offices().get("00"), offices().get("31")
    assert centre is not None and jakarta is not None
    assert (centre.lat, centre.lon) == (jakarta.lat, jakarta.lon) == (-6.19905, 106.83438)


def test_the_neighbours_of_kota_bengkulu() -> None:
    near = offices().nearest("17.71", TODAY)
    assert [office.id for office in near[:4]] == ["17.09", "17.08", "17.05", "17.03"]
    assert [round(offices().distance_km("17.71", office.id)) for office in near[:4]] == [20, 44, 45, 58]


def test_neighbours_may_be_in_another_province() -> None:
    provinces = [offices().province_of(office.id, TODAY) for office in offices().nearest("17.04", TODAY)[:4]]
    assert provinces == ["17", "16", "16", "16"]


@pytest.mark.parametrize("id", ["17.71", "17", "00"])
def test_every_other_city_and_regency_is_a_neighbour_nearest_first(id: str) -> None:
    near = offices().nearest(id, TODAY)
    assert {office.type for office in near} == {"kota", "kabupaten"}
    assert {office.id for office in near} == {code for code in CODES if "." in code} - {id}
    distances = [offices().distance_km(id, office.id) for office in near]
    assert distances == sorted(distances)
    assert offices().nearest(id, datetime(2022, 12, 8, 15, tzinfo=UTC)) is near


def test_a_distance_that_can_be_looked_up() -> None:
    """Sabang to Merauke, the nation from end to end, is some 5,200 km."""
    assert 5_100 < offices().distance_km("11.72", "93.01") < 5_300


@given(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(CODES))
def test_distances(a: str, b: str, c: str) -> None:
    km = offices().distance_km
    assert km(a, a) == 0 and km(a, b) == km(b, a)
    assert km(a, c) <= km(a, b) + km(b, c) + 1e-6


def test_an_office_that_does_not_exist_has_no_neighbours() -> None:
    with pytest.raises(KeyError):
        offices().nearest("99.99", TODAY)
    with pytest.raises(KeyError):
        offices().distance_km("17.71", "99.99")
