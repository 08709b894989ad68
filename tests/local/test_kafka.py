"""Kafka of our own: its data, its failures, and its jars."""

import hashlib
import shutil
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import jars
from deploy.local.jars import class_path
from deploy.local.kafka import Kafka, answers
from deploy.local.process import CannotStart, free_port

BOOK = TopicPartition("book", 0)


async def write(kafka: Kafka, word: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait(BOOK.topic, word.encode(), partition=BOOK.partition)


async def read_all(kafka: Kafka) -> list[str]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers) as reader:
        reader.assign([BOOK])
        await reader.seek_to_beginning()
        end = (await reader.end_offsets([BOOK]))[BOOK]
        return [(await reader.getone()).value.decode() for _ in range(end)]


async def make_book(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(BOOK.topic, 1, 1)])
    await admin.close()


@pytest.mark.anyio
async def test_a_broker_keeps_its_messages_when_killed_and_loses_them_with_its_disk(tmp_path: Path) -> None:
    kafka = Kafka(tmp_path / "a folder, with a comma", free_port())
    with kafka:
        await make_book(kafka)
        await write(kafka, "kept")
        kafka.kill()
        assert not answers(kafka.bootstrap_servers)

        kafka.start()
        assert await read_all(kafka) == ["kept"]

        kafka.pause()
        assert not answers(kafka.bootstrap_servers)
        kafka.resume()
        await write(kafka, "after the pause")
        assert await read_all(kafka) == ["kept", "after the pause"]

        kafka.stop()
        shutil.rmtree(kafka.folder / "data")
        kafka.start()
        await make_book(kafka)
        assert await read_all(kafka) == []


def test_a_jar_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    sums = tmp_path / "sums"
    sums.write_text("".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("a.jar", "b.jar")))
    for name in ("a.jar", "b.jar"):
        (tmp_path / name).write_text(name)
    assert class_path(tmp_path, sums=sums) == [tmp_path / "a.jar", tmp_path / "b.jar"]
    (tmp_path / "b.jar").write_text("b.jar and a little more")
    with pytest.raises(CannotStart, match=r"b\.jar is not the file that was pinned"):
        class_path(tmp_path, sums=sums)


def test_java_never_starts_on_a_jar_that_was_tampered_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = class_path()
    monkeypatch.setenv("BLANKO_HOME", str(tmp_path))
    folder = tmp_path / "jars"
    folder.mkdir()
    for jar in genuine:
        (folder / jar.name).symlink_to(jar)
    victim = folder / f"kafka-clients-{jars.KAFKA_VERSION}.jar"
    victim.unlink()
    victim.write_bytes(genuine[0].read_bytes())
    with pytest.raises(CannotStart, match="kafka-clients"):
        Kafka(tmp_path / "kafka", free_port()).start()
    assert not (tmp_path / "kafka").exists()


def test_without_a_network_the_first_fetch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CannotStart, match="could not be fetched"):
        class_path(tmp_path, progress=lambda _: None)
    assert not (tmp_path / "unfinished").exists()
