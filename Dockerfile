# The engine alone; its stores are services (docker-compose.yml).
FROM node:24-trixie-slim AS tools
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app

FROM tools AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node node_modules/typescript/bin/tsc -p . && node bundle.mjs

# What runs: no compiler, no linter, and uWebSockets.js from its makers, whose releases are tags of their repository.
FROM tools AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund \
  && npm install --no-save --omit=dev --no-audit --no-fund github:uNetworking/uWebSockets.js#v20.57.0

FROM node:24-trixie-slim AS engine
ENV NODE_ENV=production BIND_ADDRESS=0.0.0.0 PORT=8080 DATA_DIR=/var/lib/kilat
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json verbs.mjs ./
RUN mkdir -p /var/lib/kilat && chown node:node /var/lib/kilat
USER node
VOLUME /var/lib/kilat
EXPOSE 8080 8004
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=5 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readiness`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/bundle/main.js"]
