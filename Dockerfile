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
ENV PATH=/kaohe/venv/bin:$PATH
USER 10001:10001
HEALTHCHECK --interval=60s --timeout=10s --start-period=5s CMD ["kaohe", "policies"]
ENTRYPOINT ["kaohe"]
CMD ["policies"]
