# syntax=docker/dockerfile:1
# Two images of one installation: `docker build --target api .` and `docker build --target worker .`.
# TORCH_INDEX chooses the build of PyTorch: the small CPU one, or https://pypi.org/simple for CUDA.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KERASD_HOME=/var/lib/kerasd
WORKDIR /srv

FROM base AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/src/constraints.txt
WORKDIR /src
RUN python -m venv /opt/venv
COPY constraints.txt ./
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps --index-url "$TORCH_INDEX" torch
COPY pyproject.toml README.md ./
COPY api api
COPY client client
COPY core core
COPY dashboard dashboard
COPY engine engine
COPY migrations migrations
COPY worker worker
RUN --mount=type=cache,target=/root/.cache/pip pip install .

FROM base AS runtime
RUN useradd --system --uid 10001 --no-create-home --home-dir /var/lib/kerasd kerasd \
    && install --directory --owner kerasd --group kerasd --mode 700 /var/lib/kerasd
COPY --from=build /opt/venv /opt/venv
USER kerasd
VOLUME /var/lib/kerasd

FROM runtime AS api
ENV KERASD_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "api"]

FROM runtime AS worker
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD ["python", "-m", "worker.health"]
CMD ["python", "-m", "worker"]
