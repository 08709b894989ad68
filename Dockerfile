# One image for each service, holding that service and shared/ only:
#
#     docker build --build-arg SERVICE=stock -t blanko/stock:0.1.0 .
#
# It runs the web process; a worker is `python -m services.stock.worker`, the migration `python -m shared.migrate stock`.

# A tag can be moved. Where images are built for production, name the base by digest: --build-arg PYTHON=…@sha256:….
ARG PYTHON=python:3.11-slim-bookworm
FROM ${PYTHON}

# The root file system is read-only when this runs: all bytecode is made here, none while running.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Wheels only, each checked against the lock: nothing is compiled, so no compiler is needed.
COPY requirements.lock /tmp/
RUN pip install --root-user-action=ignore --no-cache-dir \
        --require-hashes --only-binary :all: --no-deps -r /tmp/requirements.lock \
    && rm /tmp/requirements.lock

ARG SERVICE
ENV SERVICE=${SERVICE}
WORKDIR /app
COPY shared/ shared/
COPY services/__init__.py services/
COPY services/${SERVICE}/ services/${SERVICE}/
# An empty SERVICE would have copied them all.
RUN test -n "${SERVICE}" && python -m compileall -q --invalidation-mode unchecked-hash .

USER 10001:10001
EXPOSE 8000
# What is under way gets 20 s to end; an event stream ends by itself.
CMD ["sh", "-c", "exec python -m uvicorn services.$SERVICE.main:app --host 0.0.0.0 --port 8000 --loop uvloop --http httptools --no-access-log --no-server-header --timeout-graceful-shutdown 20"]
