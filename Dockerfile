# Digit Lab on the CPU. docs/install.md says how to build and start it. Dockerfile.gpu has the same steps for NVIDIA GPUs.
FROM python:3.12.8-slim-bookworm AS build
COPY . /source
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheel /source

FROM python:3.12.8-slim-bookworm
COPY requirements.txt /tmp/requirements.txt
RUN python -m pip install --no-cache-dir -r /tmp/requirements.txt
COPY --from=build /wheel /wheel
RUN python -m pip install --no-cache-dir --no-deps /wheel/digit_lab-*.whl
RUN useradd --uid 10001 --create-home digit-lab && install -d -o digit-lab -g digit-lab /data
USER digit-lab
ENV DIGIT_LAB_HOME=/data PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "from urllib.request import urlopen; assert urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4).read() == b'ok'"]
CMD ["digit-lab", "--host", "0.0.0.0", "--headless"]
