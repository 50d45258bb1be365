# Darkroom in a container. For an NVIDIA card: docker build .   Without one: docker build --build-arg VARIANT=cpu .
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ARG VARIANT=gpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/requirements.txt
# The wheels of torch on PyPI carry CUDA; PyTorch's own index has the small ones without it.
RUN python -m venv /opt/darkroom \
    && if [ "$VARIANT" = "cpu" ]; then \
         /opt/darkroom/bin/pip install --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' /tmp/requirements.txt)"; \
       fi \
    && /opt/darkroom/bin/pip install -r /tmp/requirements.txt

FROM python:${PYTHON}
ENV PATH=/opt/darkroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    DARKROOM_HOST=0.0.0.0 \
    DARKROOM_DATA_DIR=/data \
    DARKROOM_OUTPUT_DIR=/app/outputs
RUN useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin darkroom \
    && mkdir -p /app/outputs && chown darkroom /app/outputs
COPY --from=build /opt/darkroom /opt/darkroom
WORKDIR /app
COPY app.py LICENSE ./
COPY pipelines pipelines
COPY api api
COPY ui ui
COPY models/starter models/starter
USER 10001:10001
VOLUME ["/app/models", "/app/outputs", "/data"]
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/livez', timeout=4)"]
ENTRYPOINT ["python", "app.py"]
CMD ["--password-file", "/run/secrets/darkroom_password"]
