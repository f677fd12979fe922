# Two images of the same code: `web` (web server, embed worker, beat, migrate) and `train` (with TensorFlow).
FROM python:3.11-slim-bookworm AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH

FROM python AS packages-web
RUN python -m venv /venv
COPY requirements-web.txt /
RUN pip install -r /requirements-web.txt

FROM packages-web AS packages-train
COPY requirements-train.txt /
RUN pip install -r /requirements-train.txt

FROM python AS base
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin sigweb \
    && mkdir -p /app /var/lib/sigweb/models \
    && chown -R sigweb:sigweb /var/lib/sigweb
WORKDIR /app
ENV MODELS_DIR=/var/lib/sigweb/models STATIC_ROOT=/app/var/static DJANGO_SETTINGS_MODULE=sigweb.settings
EXPOSE 8000

FROM base AS train
COPY --from=packages-train /venv /venv
COPY . .
USER sigweb
CMD ["python", "-m", "celery", "--app", "sigweb.celery", "worker", "--queues", "train", "--concurrency", "1"]

FROM base AS web
COPY --from=packages-web /venv /venv
COPY . .
RUN python manage.py collectstatic --noinput --skip-checks
USER sigweb
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["python", "-m", "sigweb.probe"]
CMD ["python", "-m", "gunicorn", "sigweb.wsgi:application", "--config", "sigweb/gunicorn.py", "--bind", "0.0.0.0:8000"]
