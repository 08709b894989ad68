"""The bare FastAPI echo: the body of a receipt in, the same out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import ConfigDict

from bench.helper import tune_garbage_collection
from services.stock.api.receiving import Receipt


class Lenient(Receipt):
    """FastAPI reads the JSON before the model does, which then finds lists where tuples should be."""

    model_config = ConfigDict(strict=False)


@asynccontextmanager
async def _tuned(_: FastAPI) -> AsyncIterator[None]:
    tune_garbage_collection()
    yield


app = FastAPI(lifespan=_tuned)


@app.post("/offices/{office}/receipts")
async def echo(body: Lenient) -> Lenient:
    return body
