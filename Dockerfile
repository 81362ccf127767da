FROM python:3.12-slim AS build
WORKDIR /app
RUN pip install --no-cache-dir uv
COPY requirements/runtime.txt requirements/runtime.txt
RUN uv venv /venv && VIRTUAL_ENV=/venv uv pip sync --require-hashes requirements/runtime.txt
COPY manage.py ./
COPY apps apps
COPY config config
COPY static static
COPY templates templates
ENV PATH=/venv/bin:$PATH
RUN SECRET_KEY=build DATABASE_URL=postgres:///build STATIC_COLLECTED=1 STATIC_ROOT=/app/static-collected \
    python manage.py collectstatic --noinput

FROM python:3.12-slim
RUN useradd --system --home /app fourgate && mkdir /data /notary && chown fourgate /data /notary
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER fourgate
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
