"""pgbench, which ships with PostgreSQL: what the server can do when nothing but SQL is asked of it.

Its rows are copies of a real one, so that both sides store the same bytes.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from bench.books import Books
from bench.figures import Void
from bench.site import Site
from deploy.local.postgres import binary

SQL = Path(__file__).parent / "sql"
_TEMPLATE = """
select json_build_object('data', e.data::text, 'metadata', e.metadata::text, 'hash', '\\x' || encode(e.hash, 'hex'),
       'state', s.state::text, 'locations', b.locations::text)
  from events e join streams s using (stream) join balances b on e.stream = 'office/' || b.office || '/' || b.item
 where e.type = 'BlanksReceived' order by e.position desc limit 1
"""


class PgBench:
    """Writes what the ledger wrote last into tables like its own."""

    def __init__(self, site: Site, books: Books) -> None:
        self._books = books
        self._port = site.postgres.port
        self._password = urlsplit(site.postgres.url).password or ""
        template: dict[str, str] = json.loads(books.sql(_TEMPLATE))
        self._variables = [f"--define={name}={value}" for name, value in template.items()]
        books.sql((SQL / "peer.sql").read_text())

    def rate(self, script: str, clients: int, seconds: int) -> float:
        """Transactions a second of `sql/<script>.pgbench` over prepared statements. Raises `Void` if one failed."""
        self._books.sql("select peer.reset(); analyze; checkpoint")
        command = [binary("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2))]
        command += ["-T", str(seconds), "-f", str(SQL / f"{script}.pgbench"), *self._variables]
        command += ["-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres", self._books.name]
        secret = {**os.environ, "PGPASSWORD": self._password}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=secret)
        rate = re.search(r"tps = ([\d.]+) \(without initial connection time\)", done.stdout)
        if done.returncode or rate is None or "number of failed transactions: 0 " not in done.stdout:
            raise Void(f"pgbench failed: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
        return float(rate[1])
