"""Every service's migrations are numbered as Alembic orders them."""

import anyio.to_thread
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.stack import SERVICES
from shared.database import WrongSchema, check
from shared.migrate import upgrade
from shared.schema import scripts_of


@pytest.mark.parametrize("service", SERVICES)
def test_a_revision_is_the_number_its_file_begins_with(service: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts_of(service)))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    numbers = sorted(script.name.partition("_")[0] for script in scripts_of(service).glob("versions/[0-9]*.py"))
    assert [revision.revision for revision in scripts.walk_revisions()] == numbers[::-1]


@pytest.mark.anyio
async def test_a_program_refuses_a_database_of_another_version(postgres: PostgreSQL, database: ServiceDatabase) -> None:
    stock = postgres.create_service_database("stock", f"stock_of_{database.name}")
    engine = create_async_engine(stock.app_url)
    with pytest.raises(WrongSchema, match="at None"):
        await check(engine, "stock")
    await anyio.to_thread.run_sync(upgrade, scripts_of("stock"), stock.owner_url)
    await check(engine, "stock")
    await engine.dispose()
    postgres.drop_database(stock.name)
