"""Writes base/kafka/topics.yaml: `python -m deploy.k8s.generate_topics`.

The topics come from the reference data and from shared/topics.py; a test says when the file is behind.
"""

from pathlib import Path

from shared.news import WATERMARKS
from shared.offices import offices
from shared.topics import AN_HOUR, FOR_EVER

SERVICES = ("stock", "printing", "outreach", "notify")
OUTPUT = Path(__file__).parent / "base" / "kafka" / "topics.yaml"

_HEAD = "# Written by `python -m deploy.k8s.generate_topics`. Each has as many replicas as the brokers' default says.\n"
_TOPIC = """\
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {name}
  labels:
    strimzi.io/cluster: blanko
spec:
  partitions: 1
  config:
"""


def topics() -> str:
    """The KafkaTopics of all services, and the watermarks', as YAML."""
    wanted = {name: FOR_EVER for service in SERVICES for name in offices().topics(service)} | {WATERMARKS: AN_HOUR}
    return _HEAD + "".join(_topic(name, settings) for name, settings in sorted(wanted.items()))


def _topic(name: str, settings: dict[str, str]) -> str:
    return _TOPIC.format(name=name) + "".join(f'    {key}: "{value}"\n' for key, value in settings.items())


if __name__ == "__main__":
    OUTPUT.write_text(topics(), encoding="utf-8")
