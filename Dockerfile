FROM python:3.12.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# What it depends on changes seldom and is a layer of its own; every file is checked against its hash. (On arm64
# Faust has no wheel: its pure Python is built from source.)
COPY requirements.lock ./
RUN python -m venv /opt/lead-sla \
    && /opt/lead-sla/bin/pip install --require-hashes -r requirements.lock
# What every event passes through is compiled (setup.py). The build tools come from the lock too, and stay out of the
# environment that is shipped; which C compiler it is does not matter, so Debian's is taken as it is.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements-dev.lock ./
RUN sed -nE '/^(ast-serialize|librt|mypy|mypy-extensions|pathspec|setuptools|typing-extensions)==/,/[^\\]$/p' \
    requirements-dev.lock > build.lock \
    && pip install --no-deps --require-hashes --target /build-tools -r build.lock
COPY pyproject.toml setup.py README.md LICENSE ./
COPY monitor monitor
RUN PYTHONPATH=/build-tools LEAD_SLA_COMPILE=1 \
    /opt/lead-sla/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/lead-sla/bin/pip install --no-deps /wheels/*.whl

FROM python:3.12.12-slim-bookworm
RUN groupadd --gid 10001 lead-sla \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin lead-sla \
    && install --directory --owner lead-sla --group lead-sla /var/lib/lead-sla
COPY --from=build /opt/lead-sla /opt/lead-sla
ENV PATH=/opt/lead-sla/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEAD_SLA_STATE_DIR=/var/lib/lead-sla \
    LEAD_SLA_WEB_HOST=0.0.0.0 \
    LEAD_SLA_WEB_PORT=6066
WORKDIR /var/lib/lead-sla
USER 10001:10001
EXPOSE 6066
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['LEAD_SLA_WEB_PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["lead-sla"]
CMD ["run"]
