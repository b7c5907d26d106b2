#!/usr/bin/env bash
# Start the real server on a copy of the demo artifacts; run the browser flow and the Postman collection against it.
# Usage: run.sh <bin folder of the Python environment> [arguments of playwright test, such as views --update-snapshots]
set -euo pipefail
bin=$1
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
server=
stop() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap stop EXIT

port=$("$bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cp -r ../artifacts/demo.json ../artifacts/walker2d_w32 ../artifacts/hard_stable_w32 "$scratch/"
"$bin/python" e2e/fixtures.py "$scratch"
POLICYSCOPE_ARTIFACTS=$scratch "$bin/policyscope" serve --port "$port" >"$scratch/server.log" 2>&1 &
server=$!
export E2E_BASE_URL=http://127.0.0.1:$port E2E_ARTIFACTS=$scratch
for _ in $(seq 120); do
  curl --silent --fail --max-time 2 "$E2E_BASE_URL/healthz" >/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$scratch/server.log"; exit 1; }
  sleep 0.5
done

npx newman run ../backend/docs/policyscope.postman_collection.json --env-var "baseUrl=$E2E_BASE_URL" --bail \
  --reporters cli --reporter-cli-no-banner --reporter-cli-no-success-assertions
npm run e2e -- "${@:2}"
