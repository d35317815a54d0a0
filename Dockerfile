# syntax=docker/dockerfile:1
# Three stages: the console with Node.js, the program with the pinned toolchain, and a base to run on without shell, package
# manager or root.

FROM node:22-bookworm-slim AS console
WORKDIR /console
COPY console/package.json console/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY console .
RUN npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=console /console/dist console/dist
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
