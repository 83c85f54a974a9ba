# An image of the embedded host with the app in it: one program, its C library, spin.toml and the components. There is no shell
# and no package in it, and it runs as a user without rights.
#
#   buildah build --timestamp "$(git log -1 --format=%ct)" --tag memo .      (or: docker build --tag memo .)
#   podman run --read-only --publish 127.0.0.1:3000:3000 --volume memo-data:/data memo
#
# What the program is told beyond that (public_origin, trusted_proxies, …) comes by SPIN_VARIABLE_PUBLIC_ORIGIN and the like.
# The same commit gives the same files: the toolchain is pinned by the image's digest and by rust-toolchain.toml, the crates by
# Cargo.lock, the folder that is built in has always the same name, and --timestamp gives all files one time.

FROM docker.io/library/rust:1.95.0-bookworm@sha256:6258907abe69656e41cd992e0b705cdcfabcbbe3db374f92ed2d47121282d4a1 AS built
WORKDIR /src
COPY . .
ENV CARGO_INCREMENTAL=0
RUN rustup target add wasm32-wasip2 \
 && cargo build --locked --release --bin memo-host \
 && target/release/memo-host --build-only --build-args=--locked \
 && deploy/image/collect target/release/memo-host /image

# Whoever has built on this machine already gives that folder in the place of the stage above: deploy/image/collect makes it,
# and --build-context built=FOLDER names it. That is how the tests make the image, where no registry is to be reached.
FROM scratch
COPY --from=built /image/root/ /
COPY --from=built --chown=65532:65532 /image/data/ /data/
# The components that were compiled to machine code are kept with the data, so that the second start is a fast one.
ENV XDG_CACHE_HOME=/data/cache
USER 65532:65532
WORKDIR /app
VOLUME /data
EXPOSE 3000
LABEL org.opencontainers.image.title="memo" \
      org.opencontainers.image.description="A memo pad: token issuer, memo service and site on the embedded Spin-compatible host" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["/app/memo-host", "--from", "/app/spin.toml", "--state-dir", "/data"]
# Arguments of one's own take the place of these.
CMD ["--listen", "0.0.0.0:3000"]
