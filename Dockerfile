# syntax=docker/dockerfile:1
# Two stages: build with the pinned toolchain, run on a base without shell, package manager or root.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin pollux \
 && install -D target/release/pollux /out/pollux \
 && install -d -m 0700 /out/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/pollux /usr/local/bin/pollux
COPY --from=build --chown=65532:65532 /out/data /data
# All addresses, because a container has its own network; the port is the host's business. Hosts that set PORT win.
ENV POLLUX_DATA_DIR=/data PORT=8000
USER 65532:65532
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/pollux", "health"]
ENTRYPOINT ["/usr/local/bin/pollux"]
CMD ["serve"]
