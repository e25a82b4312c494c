# Every RUN calls a script that .ci/run runs too: what is not proved there is not done here.
FROM debian:bookworm-slim AS build
WORKDIR /kaohe
COPY scripts scripts
RUN scripts/install-system build
COPY pyproject.toml requirements.txt requirements-build.txt README.md ./
COPY rules rules
COPY service service
COPY policy_versions policy_versions
RUN scripts/build-wheels wheels

FROM debian:bookworm-slim
WORKDIR /kaohe
COPY scripts scripts
RUN scripts/install-system run
COPY --from=build /kaohe/wheels wheels
RUN scripts/install-wheels wheels venv
# It writes nothing but to /tmp and /dev/shm, so the rest may be mounted read-only.
ENV PATH=/kaohe/venv/bin:$PATH KAOHE_HOST=0.0.0.0
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["/kaohe/scripts/is-ready"]
ENTRYPOINT ["kaohe"]
CMD ["serve"]
