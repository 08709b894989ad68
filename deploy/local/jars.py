"""Apache Kafka's jars: fetched once, and never loaded unless each has the SHA-256 written in this repository.

After changing the version, `python -m deploy.local.jars` fetches the new jars and writes their sums,
for a person to review.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.paths import home
from deploy.local.process import CannotStart

KAFKA_VERSION = "4.3.1"
COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:2.0.17"
SUMS = Path(__file__).with_name("kafka-jars.sha256")

Progress = Callable[[str], None]


def class_path(folder: Path | None = None, progress: Progress = print, sums: Path = SUMS) -> list[Path]:
    """The checked jars in `folder` (by default `jars` in the home), fetched if they are not all there.

    Raises `CannotStart` if one cannot be fetched, or is not the one that was pinned.
    """
    folder = folder or home() / "jars"
    wanted = {name: digest for digest, name in map(str.split, sums.read_text().splitlines())}
    with _alone(folder):
        if not all((folder / name).exists() for name in wanted):
            progress(f"Fetching Apache Kafka {KAFKA_VERSION} (45 MB, once)")
            _fetch(folder, progress)
    for name, digest in wanted.items():
        jar = folder / name
        if not jar.exists() or _sha256(jar) != digest:
            raise CannotStart(
                f"{jar} is not the file that was pinned (its SHA-256 differs): delete {folder}, try again."
            )
    return [folder / name for name in wanted]


def _fetch(folder: Path, progress: Progress) -> None:
    from jgo.env import EnvironmentBuilder, LinkStrategy
    from jgo.maven import MavenContext, PythonResolver

    # A repository of our own: what a download that was cut off leaves in a shared one would be taken for whole.
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)

    @contextmanager
    def downloading(name: str, size: int) -> Iterator[Callable[[int], None]]:
        progress(f"  {name} ({size / 1e6:.1f} MB)")
        yield lambda _: None

    try:
        maven = MavenContext(
            resolver=PythonResolver(progress_callback=downloading),
            repo_cache=unfinished / "repository",
        )
        builder = EnvironmentBuilder(maven, cache_dir=unfinished / "cache", link_strategy=LinkStrategy.HARD)
        for jar in builder.from_endpoint(COORDINATES).all_jars:
            shutil.move(jar, folder / jar.name)
    except Exception as error:  # the fetcher lets through whatever its own libraries raise
        reason = type(error).__name__
        raise CannotStart(f"Apache Kafka could not be fetched ({reason}): is this machine online?") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # Two stacks of one project may start at the same time.
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def main() -> None:
    """Fetches the jars anew and pins what came."""
    folder = home() / "jars"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _fetch(folder, print)
    SUMS.write_text("".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(folder.glob("*.jar"))))


if __name__ == "__main__":
    main()
