"""What a producer says is, byte for byte, what its readers were promised."""

from typing import Any

import msgspec
import pytest

from shared.decider import Domain, Fact
from tests.contracts.golden import DOMAINS, FOLDER, PROMISES, WRITES, Golden, all_of, file_of
from tests.contracts.said import EXAMPLES

promises = pytest.mark.parametrize(
    ("domain", "fact", "version"), PROMISES, ids=[f"{d.service}/{f.__name__}.v{v}" for d, f, v in PROMISES]
)


@promises
def test_a_promised_fact_is_stored_and_published_as_its_golden_message(
    domain: Domain, fact: type[Fact], version: int
) -> None:
    file = file_of(domain, fact, version)
    encoded = msgspec.json.encode(EXAMPLES[domain.service][fact])
    if WRITES:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(encoded)
    assert file.exists(), f"{fact.__name__} is promised without a golden message: see golden.py"
    assert encoded == file.read_bytes(), "readers were promised another message: a change wants another version"


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.service)
def test_facts_of_every_version_that_was_ever_promised_still_load(domain: Domain) -> None:
    union: Any = domain.facts[0]
    for fact in domain.facts[1:]:
        union = union | fact
    for golden in all_of(domain.service):
        assert type(msgspec.json.decode(golden.data, type=union)).__name__ == golden.type


@promises
def test_a_message_of_before_a_field_was_added_still_loads(domain: Domain, fact: type[Fact], version: int) -> None:
    golden = Golden(domain.service, fact.__name__, version, file_of(domain, fact, version).read_bytes())
    for added in (field for field in msgspec.structs.fields(fact) if not field.required):
        golden = golden.without(added.encode_name)
    assert isinstance(msgspec.json.decode(golden.data, type=fact), fact)


def test_every_example_is_of_a_fact_that_is_promised() -> None:
    for domain in DOMAINS:
        assert EXAMPLES[domain.service].keys() == domain.promised.keys()


def test_every_file_is_of_a_promise_of_today_or_of_a_version_before_it() -> None:
    newest = {(domain.service, fact.__name__): version for domain, fact, version in PROMISES}
    for folder in (file for file in FOLDER.iterdir() if file.is_dir() and file.name != "__pycache__"):
        for golden in all_of(folder.name):
            assert golden.version <= newest.get((golden.service, golden.type), 0), golden.name


@promises
def test_a_promised_fact_says_which_office_it_is_about(domain: Domain, fact: type[Fact], version: int) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(fact)}
    assert fields["office"].type is str and fields["office"].required
