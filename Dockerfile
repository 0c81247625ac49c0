# One image for `serve`, `migrate` and `probe`. Build: docker build -t kept .   Run: see compose.yaml and docs/operations.md
FROM python:3.12-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/kept
WORKDIR /source

# The packages first: this layer is made anew only when the lock changes.
COPY requirements.lock ./
RUN /opt/kept/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY app ./app
COPY reports ./reports
COPY migrations ./migrations
COPY docs/recompute_claim.py docs/verify_bundle.py ./docs/
RUN /opt/kept/bin/python -m pip install --quiet --no-index --no-deps --no-build-isolation .


FROM python:3.12-slim-bookworm

# libharfbuzz-subset0 is no dependency of Pango; without it papers are slower and not the same bytes each time.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 kept \
    && useradd --uid 10001 --gid kept --no-create-home --home-dir /data --shell /usr/sbin/nologin kept \
    && install -d -o kept -g kept -m 0750 /data

COPY --from=build /opt/kept /opt/kept

ENV PATH=/opt/kept/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/tmp/cache \
    KEPT_DATA=/data \
    KEPT_OUT=/data/out

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]

ENTRYPOINT ["kept"]
# 0.0.0.0 is the container's own address; what the outside reaches is decided where the port is published.
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
