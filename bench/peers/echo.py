"""The bare FastAPI echo: the body of a receipt in, the same out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from bench.helper import tune_garbage_collection
from services.stock.api import Receipt


@asynccontextmanager
async def _tuned(_: FastAPI) -> AsyncIterator[None]:
    tune_garbage_collection()
    yield


app = FastAPI(lifespan=_tuned)


@app.post("/offices/{office}/receipts")
async def echo(body: Receipt) -> Receipt:
    return body
