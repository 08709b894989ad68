"""Where the measurements take place: a PostgreSQL of the bench's own, in a folder that is thrown away."""

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from bench.figures import Void
from deploy.local.postgres import Administrator, PostgreSQL
from deploy.local.process import free_port
from deploy.local.tokens import Issuer


class Site:
    """A context manager. What is started for one experiment and entered in `until_the_end` stays for the others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.issuer = Issuer(folder / "issuer")
        self.until_the_end = ExitStack()
        self.kept: dict[str, object] = {}
        """What one experiment made and another may use."""

    @cached_property
    def postgres(self) -> PostgreSQL:
        """Started when first asked for."""
        server = self.until_the_end.enter_context(PostgreSQL(self.folder / "postgres", free_port()))
        require_durable(server)
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.until_the_end.close()


def require_durable(server: Administrator) -> None:
    """Raises `Void` unless a commit is on the disk when it is answered."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if (value := server.sql(f"show {setting}")) != "on":
            raise Void(f"{setting} is {value}: what is measured here has to last")
