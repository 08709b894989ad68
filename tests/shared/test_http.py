"""The edge, on a real server with a real ledger behind it."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.process import free_port
from shared.migrate import upgrade
from tests.shared.conftest import MIGRATIONS
from tests.shared.issuer import Issuer
from tests.shared.web import HONEST, Web, serving

NIK = "1771010101010001"


@pytest.fixture(scope="module")
def toys(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    database = postgres.create_service_database("toy", f"toy_{uuid4().hex[:12]}")
    upgrade(MIGRATIONS, database.owner_url)
    yield database
    postgres.drop_database(database.name)


@pytest.fixture(scope="module")
def web(toys: ServiceDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(toys, tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def jar() -> str:
    return f"/offices/17.71/jars/{uuid4()}"


def marbles(**changes: Any) -> dict[str, Any]:
    body = {"count": 10, "colour": "RED", "shelf": "shelf-1"} | changes
    return {name: value for name, value in body.items() if value is not ...}


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["request"] == answer.headers["x-request-id"]
    assert NIK not in answer.text
    if code is not None:
        assert document["code"] == code
    return document


def count_in(web: Web, jar: str) -> int | None:
    jars = web.get("/offices/17.71/jars?limit=200").json()["jars"]
    return next((row["count"] for row in jars if row["name"] == jar.rpartition("/")[2]), None)


def logged(web: Web, request: str) -> list[str]:
    """The lines about a request; the first is written just after its answer."""
    for _ in range(50):
        lines = [line for line in web.log.read_text().splitlines() if f'"{request}"' in line]
        if lines:
            return lines
        time.sleep(0.02)
    return []


# What is written


def test_a_write_answers_with_its_facts_and_their_position(web: Web, jar: str) -> None:
    answer = web.post(f"{jar}/marbles", marbles(label="kelereng"))
    assert answer.status_code == 201
    (fact,) = answer.json()["facts"]
    assert fact["type"] == "MarblesPut" and fact["label"] == "kelereng" and fact["left"] == 10
    assert answer.json()["position"] >= 1
    assert count_in(web, jar) == 10


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing(web: Web, jar: str) -> None:
    first = web.post(f"{jar}/marbles", marbles(), key="once")
    again = web.post(f"{jar}/marbles", marbles(), key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert count_in(web, jar) == 10


def test_a_request_is_the_same_however_it_is_spelled(web: Web, jar: str) -> None:
    at = "2026-11-24T08:00:00+07:00"
    one = json.dumps({"count": 3, "colour": "RED", "shelf": "a", "occurred_at": at})
    other = json.dumps({"occurred_at": "2026-11-24T01:00:00Z", "shelf": "a", "colour": "RED", "count": 3}, indent=3)
    web.post(f"{jar}/marbles", one.encode(), key="spelled")
    assert web.post(f"{jar}/marbles", other.encode(), key="spelled").headers["idempotency-replayed"] == "true"


def test_a_key_used_for_another_body_or_another_path_is_refused(web: Web, jar: str) -> None:
    assert web.post(f"{jar}/marbles", marbles(), key="reused").status_code == 201
    problem(web.post(f"{jar}/marbles", marbles(count=11), key="reused"), 422, "key_reused")
    problem(web.post(f"/offices/17.71/jars/{uuid4()}/marbles", marbles(), key="reused"), 422, "key_reused")
    assert count_in(web, jar) == 10


def test_a_key_belongs_to_its_subject(web: Web, jar: str) -> None:
    for subject in ("u-a", "u-b"):
        answer = web.post(f"{jar}/marbles", marbles(), key="mine", token=HONEST.token(sub=subject))
        assert answer.status_code == 201 and "idempotency-replayed" not in answer.headers
    assert count_in(web, jar) == 20


def test_one_key_fifty_times_at_once_is_one_fact(web: Web, jar: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: web.post(f"{jar}/marbles", marbles(), key="fifty"), range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert count_in(web, jar) == 10


@pytest.mark.parametrize("key", [None, "a b", "x" * 129, "kunci-é".encode("latin-1").decode("latin-1")])
def test_a_write_without_a_proper_key_is_refused(web: Web, jar: str, key: str | None) -> None:
    headers = [("Authorization", f"Bearer {HONEST.token()}"), ("Content-Type", "application/json")]
    if key is not None:
        headers.append(("Idempotency-Key", key))
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = web.client.post(f"{jar}/marbles", content=json.dumps(marbles()).encode(), headers=raw)
    problem(answer, 400, "no_idempotency_key")
    assert count_in(web, jar) is None


def test_a_refusal_is_a_conflict_with_its_figures(web: Web, jar: str) -> None:
    told = problem(web.post(f"{jar}/takings", {}), 409, "jar_empty")
    assert told["figures"] == {"left": 0}


def test_a_dry_run_tells_what_would_be_written_and_writes_nothing(web: Web, jar: str) -> None:
    answer = web.post(f"{jar}/marbles?dry_run=true", marbles(), key="dry")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["dry_run"], told["position"]) == (True, None)
    assert [(fact["type"], fact["left"]) for fact in told["facts"]] == [("MarblesPut", 10)]
    assert count_in(web, jar) is None
    written = web.post(f"{jar}/marbles", marbles(), key="dry")
    assert written.status_code == 201 and "idempotency-replayed" not in written.headers
    assert count_in(web, jar) == 10


def test_a_dry_run_shows_what_its_route_adds(web: Web, jar: str) -> None:
    web.post(f"{jar}/marbles", marbles())
    told = web.post(f"{jar}/takings?dry_run=true", {}).json()
    assert (told["before"], told["facts"][0]["left"]) == (10, 9)
    assert count_in(web, jar) == 10


@pytest.mark.parametrize(
    "query", ["dry_run=1", "dry_run=True", "dry_run=false", "dry_run", "dry_run=true&more=1", "wet_run=true"]
)
def test_a_dry_run_that_is_mistyped_writes_nothing(web: Web, jar: str, query: str) -> None:
    problem(web.post(f"{jar}/marbles?{query}", marbles()), 422, "unknown_query")
    assert problem(web.post(f"{jar}/takings", {}), 409, "jar_empty")["figures"] == {"left": 0}


def test_a_dry_run_is_judged_as_the_request_itself(web: Web, jar: str) -> None:
    assert problem(web.post(f"{jar}/takings?dry_run=true", {}), 409, "jar_empty")["figures"] == {"left": 0}
    problem(web.post(f"{jar}/marbles?dry_run=true", marbles(count=0)), 422, "invalid")
    problem(web.post(f"{jar}/marbles?dry_run=true", marbles(), key=None), 400, "no_idempotency_key")
    problem(web.post(f"{jar}/marbles?dry_run=true", marbles(), token=HONEST.token(role="auditor")), 403)


# What a body may not be

BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "not UTF-8": b'{"count": 1, "colour": "RED", "shelf": "\xff"}',
    "UTF-16": json.dumps(marbles()).encode("utf-16"),
    "deep": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000,
    "an unpaired surrogate": b'{"count": 1, "colour": "RED", "shelf": "a", "label": "\\ud800"}',
    "NaN": b'{"count": NaN, "colour": "RED", "shelf": "a"}',
    "Infinity": b'{"count": Infinity, "colour": "RED", "shelf": "a"}',
    "minus Infinity": b'{"count": -Infinity, "colour": "RED", "shelf": "a"}',
    "the same key twice": b'{"count": 1, "count": 2, "colour": "RED", "shelf": "a"}',
    "5,000 digits": b'{"count": ' + b"9" * 5_000 + b', "colour": "RED", "shelf": "a"}',
    "1e20": b'{"count": 1e20, "colour": "RED", "shelf": "a"}',
    "1e999": b'{"count": 1e999, "colour": "RED", "shelf": "a"}',
    "trailing text": json.dumps(marbles()).encode() + b"x",
}
BAD_VALUES: list[dict[str, Any]] = [
    {"count": 0},
    {"count": -5},
    {"count": True},
    {"count": "5"},
    {"count": 5.0},
    {"count": 1.5},
    {"count": 10**20},
    {"count": 1_000_001},
    {"count": None},
    {"count": [1]},
    {"count": ...},
    {"colour": "GREEN"},
    {"colour": "red"},
    {"colour": 1},
    {"shelf": ""},
    {"shelf": "a b"},
    {"shelf": "-a"},
    {"shelf": "a\n"},
    {"shelf": "é"},
    {"shelf": "x" * 65},
    {"shelf": NIK},
    {"shelf": "1771-0101-0101-0001"},
    {"shelf": f"a{NIK}"},
    {"shelf": "081234567890"},
    {"shelf": "6281234567890"},
    {"label": ""},
    {"label": "a\0b"},
    {"label": "a\x1bb"},
    {"label": "x" * 501},
    {"label": f"atas nama {NIK}"},
    {"label": "telp 0812-3456-7890"},
    {"label": "nik 177101 010101 0001"},
    {"label": 5},
    {"bag": "not-a-uuid"},
    {"bag": NIK},
    {"bag": 1},
    {"bought_on": "2026-02-30"},
    {"bought_on": 5},
    {"occurred_at": "2026-11-24T08:00:00"},
    {"occurred_at": "yesterday"},
    {"occurred_at": 0},
    {"occurred_at": 1e300},
    {"occurred_at": "0001-01-01T00:00:00+14:00"},
    {"occurred_at": "9999-12-31T23:59:59-12:00"},
    {"occurred_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    {"surprise": 1},
    {NIK: 1},
    {"office": "17.01"},
]


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_no_proper_json_is_refused(web: Web, jar: str, body: bytes) -> None:
    problem(web.post(f"{jar}/marbles", body), 422)
    assert count_in(web, jar) is None


@pytest.mark.parametrize("change", BAD_VALUES, ids=lambda change: str(change)[:40])
def test_a_bad_value_is_refused_and_changes_nothing(web: Web, jar: str, change: dict[str, Any]) -> None:
    told = problem(web.post(f"{jar}/marbles", marbles(**change)), 422, "invalid")
    assert told["errors"]
    assert count_in(web, jar) is None


def test_a_fault_is_named_by_its_place(web: Web, jar: str) -> None:
    told = problem(web.post(f"{jar}/marbles", marbles(count=0, **{NIK: 1})), 422, "invalid")
    assert told["errors"] == [
        {"at": "/body/count", "code": "greater_than_equal", "detail": "Input should be greater than or equal to 1"},
        {"at": "/body", "code": "extra_forbidden", "detail": "Extra inputs are not permitted"},
    ]


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_a_body_of_another_kind_is_refused(web: Web, jar: str, kind: str) -> None:
    problem(web.post(f"{jar}/marbles", marbles(), Content_Type=kind), 415)


def test_a_moment_a_minute_ahead_is_a_clock_and_not_a_mistake(web: Web, jar: str) -> None:
    ahead = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert web.post(f"{jar}/marbles", marbles(occurred_at=ahead)).status_code == 201


def test_text_in_any_script_is_kept(web: Web, jar: str) -> None:
    label = "Dinas Kependudukan “Bengkulu” ꦧꦁꦏꦲꦸꦭꦸ 🎉\nbaris kedua"
    assert web.post(f"{jar}/marbles", marbles(label=label)).json()["facts"][0]["label"] == label


def test_a_body_of_a_megabyte_is_refused(web: Web, jar: str) -> None:
    problem(web.post(f"{jar}/marbles", marbles(label="x" * 1_000_000)), 413, "too_large")


def test_a_megabyte_in_chunks_of_unknown_number_is_refused(web: Web, jar: str) -> None:
    headers = {"Authorization": f"Bearer {HONEST.token()}", "Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = web.client.post(f"{jar}/marbles", content=(b"x" * 1_000 for _ in range(1_000)), headers=headers)
    problem(answer, 413, "too_large")


def test_a_route_may_take_larger_bodies(web: Web) -> None:
    assert web.post("/labels", {"labels": ["x" * 100] * 1_500}).status_code == 201
    problem(web.post("/labels", {"labels": ["x" * 500] * 1_500}), 413, "too_large")
    problem(web.post("/labels", {"labels": ["x"] * 2_001}), 422)


def test_a_body_may_come_in_pieces(web: Web, jar: str) -> None:
    pieces = (bytes([byte]) for byte in json.dumps(marbles()).encode())
    headers = {"Authorization": f"Bearer {HONEST.token()}", "Content-Type": "application/json", "Idempotency-Key": "p"}
    assert web.client.post(f"{jar}/marbles", content=pieces, headers=headers).status_code == 201


# Who may call


def unsigned() -> str:
    claims = HONEST.token().split(".")[1]
    return f"eyJhbGciOiJub25lIiwia2lkIjoia2V5LTEiLCJ0eXAiOiJKV1QifQ.{claims}."


@pytest.mark.parametrize(
    "token",
    [
        None,
        "nonsense",
        unsigned(),
        HONEST.token(exp=int(time.time()) - 60),
        HONEST.token(aud="blanko-printing"),
        HONEST.token(iss="https://evil.test"),
        Issuer().token(),
        Issuer("key-2").token(),
    ],
    ids=["none", "nonsense", "unsigned", "expired", "other audience", "other issuer", "forged", "unknown key"],
)
def test_without_a_valid_token_nobody_gets_in(web: Web, jar: str, token: str | None) -> None:
    # The body is not looked at: what is wrong with it would say what a right one looks like.
    for answer in (web.post(f"{jar}/marbles", b"{", token=token, key=None), web.get("/offices/17.71/jars", token)):
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_another_role_is_not_allowed(web: Web, jar: str) -> None:
    for role in ("operator", "head", "auditor", "ops", "service"):
        problem(web.post(f"{jar}/marbles", b"{", token=HONEST.token(role=role), key=None), 403, "not_allowed")


@pytest.mark.parametrize("office", ["17.01", "18.71", "17", "00", "99.99", "17.7", "17.710", "%00", "1771", "a", "%F0"])
def test_an_office_out_of_scope_looks_like_one_that_does_not_exist(web: Web, office: str) -> None:
    answers = [
        web.post(f"/offices/{office}/jars/{uuid4()}/marbles", b"{", key=None),
        web.get(f"/offices/{office}/jars"),
    ]
    for answer in answers:
        told = problem(answer, 404, "not_found")
        assert told["detail"] == "There is no such office."


@pytest.mark.parametrize(("role", "region"), [("national", "00"), ("storekeeper", "17")])
def test_a_wider_region_holds_the_office(web: Web, jar: str, role: str, region: str) -> None:
    token = HONEST.token(role=role, region=region)
    assert web.post(f"{jar}/marbles", marbles(), token=token).status_code == 201


def test_a_path_that_is_not_right_is_told_by_its_name(web: Web) -> None:
    told = problem(web.post(f"/offices/17.71/jars/{NIK}/marbles", marbles()), 422)
    assert told["errors"] == [{"at": "/path/jar", "code": "uuid_parsing", "detail": "Is not valid here"}]
    assert problem(web.get("/colours/GREEN", None), 422)["errors"][0]["at"] == "/path/colour"
    assert problem(web.get("/colours/RED?shade=x", None), 422)["errors"][0]["at"] == "/query/shade"


def test_no_route_and_no_method_are_problems_too(web: Web, jar: str) -> None:
    problem(web.get(f"/{NIK}"), 404)
    answer = web.client.delete(f"{jar}/marbles")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


# What is read


def test_a_list_comes_in_pages_that_miss_and_repeat_nothing(web: Web) -> None:
    for _ in range(7):
        web.post(f"/offices/17.71/jars/{uuid4()}/marbles", marbles())
    names, mark = [], ""
    while True:
        page = web.get(f"/offices/17.71/jars?limit=3{mark}").json()
        names += [row["name"] for row in page["jars"]]
        if page["cursor"] is None:
            break
        mark = f"&cursor={page['cursor']}"
    assert len(names) == len(set(names)) >= 7
    assert names == sorted(names)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=WzFd", "cursor=%00", "cursor=é"]
)
def test_a_page_that_nobody_gave_is_refused(web: Web, query: str) -> None:
    problem(web.get(f"/offices/17.71/jars?{query}"), 422)


def test_who_polls_is_told_once(web: Web, jar: str) -> None:
    web.post(f"{jar}/marbles", marbles())
    first = web.get("/offices/17.71/jars")
    again = web.get("/offices/17.71/jars", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    web.post(f"{jar}/marbles", marbles())
    assert web.get("/offices/17.71/jars", **{"If-None-Match": first.headers["etag"]}).status_code == 200


# What goes wrong


def test_what_should_not_happen_is_said_without_saying_what(web: Web) -> None:
    told = problem(web.get("/broken", None), 500, "unexpected")
    (line,) = logged(web, told["request"])
    assert "marbles.py" in line and "ValueError" in line


def test_a_read_that_takes_too_long_is_given_up(web: Web) -> None:
    began = time.monotonic()
    problem(web.get("/slow", None), 503)
    assert time.monotonic() - began < 5


def test_the_log_holds_nothing_that_was_sent(web: Web, jar: str) -> None:
    token = HONEST.token(sub="u-log")
    web.post(f"{jar}/marbles", marbles(label=NIK), token=token)
    web.get(f"/{NIK}?nik={NIK}")
    last = web.post(f"{jar}/marbles", marbles(), token="x" + token)
    assert logged(web, last.headers["x-request-id"])
    log = web.log.read_text()
    assert NIK not in log and token not in log
    assert all(json.loads(line)["service"] == "toy" for line in log.splitlines())


def raw(web: Web, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", web.port), 5) as connection:
        connection.sendall(request)
        connection.settimeout(5)
        return connection.recv(65_536)


def test_headers_that_are_no_proper_http_are_a_clean_400(web: Web) -> None:
    path = f"/offices/17.71/jars/{uuid4()}/marbles".encode()
    for bad in (b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: chunked\r\n\r\nzz"):
        assert raw(web, b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + bad + b"\r\n\r\n").startswith(b"HTTP/1.1 4")
    assert web.client.get("/health/live").status_code == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_trace(web: Web, jar: str) -> None:
    head = f"POST {jar}/marbles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {HONEST.token()}\r\nIdempotency-Key: k\r\n"
    with socket.create_connection(("127.0.0.1", web.port), 5) as connection:
        connection.sendall(f'{head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{"count"'.encode())
    time.sleep(0.3)
    assert count_in(web, jar) is None
    assert "Traceback" not in web.log.read_text()


# Platform


def test_metrics_tell_of_routes_by_their_template(web: Web, jar: str) -> None:
    web.post(f"{jar}/marbles", marbles())
    text = web.client.get("/metrics").text
    labels = 'method="POST",route="/offices/{office}/jars/{jar}/marbles",status="201"'
    assert f"blanko_http_request_seconds_count{{{labels}}}" in text
    assert jar not in text


def test_the_documentation_takes_nothing_from_the_internet(web: Web) -> None:
    page = web.client.get("/docs")
    assert "//" not in page.text.replace("<!doctype", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert web.client.get(f"/docs/assets/{asset}").status_code == 200
    assert web.client.get("/docs/start.js").headers["content-type"].startswith("text/javascript")


def test_openapi_names_every_answer_the_key_and_the_roles(web: Web) -> None:
    document = web.client.get("/openapi.json").json()
    operation = document["paths"]["/offices/{office}/jars/{jar}/marbles"]["post"]
    assert set(operation["responses"]) == {
        str(status) for status in (200, 201, 400, 401, 403, 404, 408, 409, 413, 415, 422, 500, 503)
    }
    assert operation["responses"]["409"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert [p["name"] for p in operation["parameters"]] == ["office", "jar", "Idempotency-Key", "dry_run"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/DryRun")
    assert operation["x-roles"] == ["national", "storekeeper"]
    assert "HTTPValidationError" not in json.dumps(document)


def test_a_signal_ends_open_streams_and_then_the_server(toys: ServiceDatabase, tmp_path: Path) -> None:
    honest = {"Authorization": f"Bearer {HONEST.token()}"}
    with serving(toys, tmp_path) as web:
        with web.client.stream("GET", "/offices/17.71/watch", headers=honest) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            web.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert "event: bye" in list(lines)
        # uvicorn gives the signal back once it has stopped, so this is how its process ends.
        assert web.process.wait(20) in (0, -signal.SIGTERM)
        assert time.monotonic() - began < 10
        assert "Traceback" not in web.log.read_text()


def test_while_the_database_is_away_requests_are_told_so_and_the_process_lives(tmp_path: Path) -> None:
    with PostgreSQL(tmp_path / "postgres", free_port()) as server:
        database = server.create_service_database("toy", "toy")
        upgrade(MIGRATIONS, database.owner_url)
        with serving(database, tmp_path) as web:
            jar = f"/offices/17.71/jars/{uuid4()}"
            assert web.post(f"{jar}/marbles", marbles()).status_code == 201
            server.kill()
            for _ in range(3):
                assert problem(web.get("/offices/17.71/jars"), 503)["code"] == "unavailable"
                assert web.post(f"{jar}/marbles", marbles(), key="away").headers["retry-after"] == "1"
                assert web.client.get("/health/ready").status_code == 503
                assert web.client.get("/health/live").status_code == 200
            server.start()
            assert web.post(f"{jar}/marbles", marbles(), key="away").status_code == 201
            assert count_in(web, jar) == 20
