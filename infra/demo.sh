#!/usr/bin/env bash
# The whole way on this machine: pictures into a bucket, events to the executable, thumbnails out, a contact sheet to
# look at. Leaves files, and nothing running.
#
#   infra/demo.sh [--out DIR] [PHOTO…]                   as a Lambda custom runtime under AWS's own emulator; the
#                                                        buckets are directories
#   infra/demo.sh --minio [--keep] [--out DIR] [PHOTO…]  a real MinIO tells `miniatura serve` of each upload
#
#   --keep      leave MinIO and `miniatura serve` running, to try it yourself; says how, and how to stop them
#   --out DIR   where everything goes (demo-out)
#   PHOTO…      your own pictures; else the five of infra/demo/photos
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
executable=$root/build/release/miniatura
presets=small=256x256,card=600x400:webp:cover
ready_tries=200  # of 0.05 s

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

started=()  # process ids, the newest last

start() {  # LOG COMMAND…
  local log=$1
  shift
  setsid "$@" >"$log" 2>&1 </dev/null &  # Ctrl-C is this script's to hear, and what is kept outlives its terminal
  started+=($!)
}

# The emulator takes its function along; a server that does not go within 10 s is killed.
stop_all() {
  local i tries
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    kill -TERM "${started[i]}" 2>/dev/null || continue
    for ((tries = 0; tries < ready_tries; tries++)); do
      kill -0 "${started[i]}" 2>/dev/null || break
      sleep 0.05
    done
    kill -KILL "${started[i]}" 2>/dev/null || true
    wait "${started[i]}" 2>/dev/null || true
  done
  started=()
}

# COUNT free ports, picked by the kernel, all different.
free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
PYTHON
}

# wait_until WHAT LOG COMMAND…: as long as the newest process lives.
wait_until() {
  local what=$1 log=$2 tries
  shift 2
  for ((tries = 0; tries < ready_tries; tries++)); do
    "$@" 2>/dev/null && return
    kill -0 "${started[-1]}" 2>/dev/null || break
    sleep 0.05
  done
  tail -n 20 "$log" >&2
  die "$what did not start; its log is above and in $log"
}
# shellcheck disable=SC2317  # called by wait_until
listens() { (: <"/dev/tcp/127.0.0.1/$1"); }
# shellcheck disable=SC2317  # called by wait_until
healthy() {
  python3 - "$1" "$2" <<'PYTHON'
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
connection.request("GET", sys.argv[2])
sys.exit(connection.getresponse().status != 200)
PYTHON
}

# A directory that is not of an earlier demo keeps what it has.
prepare_out() {
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
  local process
  if [ -e "$out/running" ]; then
    for process in $(<"$out/running"); do
      if kill -0 "$process" 2>/dev/null; then die "an earlier demo still runs in $out; stop it: kill $(<"$out/running")"; fi
    done
  fi
  if [ -n "$(ls -A "$out")" ] && [ ! -e "$out/.miniatura-demo" ]; then
    die "$out holds something else: --out wants an empty directory, or an earlier demo's"
  fi
  touch "$out/.miniatura-demo"
  rm -rf "$out"/{store,minio,queue,running,environment,contact-sheet.html} "$out"/{journal,inbox}.db*
}

build() {
  local log=$out/build.log
  printf 'Building the release (the first time takes a minute or two) …\n'
  { cmake -S "$root" --preset release && cmake --build "$root/build/release" -j "$(nproc)"; } >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "the build failed; all of its output is in $log"
  }
}

# MinIO keeps what it has to tell in a queue of its own until it is answered: no event is lost while nobody listens.
start_minio() {  # PORT SERVE_PORT
  local secret
  secret=$(python3 -c 'import secrets; print(secrets.token_hex(20))')
  MINIATURA_WEBHOOK_TOKEN=$(python3 -c 'import secrets; print(secrets.token_hex(20))')
  export MINIATURA_WEBHOOK_TOKEN
  export AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=$secret AWS_REGION=us-east-1
  export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$1
  unset AWS_SESSION_TOKEN AWS_PROFILE
  MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$secret MINIO_BROWSER=off MINIO_UPDATE=off \
    MINIO_NOTIFY_WEBHOOK_ENABLE_DEMO=on MINIO_NOTIFY_WEBHOOK_ENDPOINT_DEMO=http://127.0.0.1:$2/events \
    MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_DEMO=$MINIATURA_WEBHOOK_TOKEN MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_DEMO=$out/queue \
    start "$out/minio.log" minio server "$out/minio" --address "127.0.0.1:$1"
  wait_until "MinIO" "$out/minio.log" healthy "$1" /minio/health/ready
}

start_serve() {  # PORT
  start "$out/serve.log" "$executable" serve --listen "127.0.0.1:$1" --inbox "$out/inbox.db"
  wait_until "miniatura serve" "$out/serve.log" healthy "$1" /healthz
}

# The emulator, and in it our executable by the name that makes it a custom runtime.
start_function() {  # INVOKE_PORT API_PORT
  start "$out/function.log" aws-lambda-rie --runtime-interface-emulator-address "127.0.0.1:$1" \
    --runtime-api-address "127.0.0.1:$2" "$root/build/release/bootstrap" handler
  wait_until "the Lambda emulator" "$out/function.log" listens "$1"
}

say_where() {
  printf '\nThe contact sheet    %s\n' "$out/contact-sheet.html"
  if $with_minio; then
    printf 'The logs             %s\n                     %s\n' "$out/serve.log" "$out/minio.log"
  else
    printf 'The thumbnails       %s\nThe function'\''s log   %s\n' "$out/store/thumbnails" "$out/function.log"
  fi
  printf '\nWhat was done:       %q journal list --journal %q\n' "$executable" "$out/journal.db"
  printf 'Your own pictures:   %q %sPHOTO…\n' "$root/infra/demo.sh" "$(if $with_minio; then echo '--minio '; fi)"
}

# What is needed to talk to what is left running: a file that a shell reads.
say_how_to_try() {  # SERVE_PORT
  local name
  for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL_S3 MINIATURA_JOURNAL MINIATURA_WEBHOOK_TOKEN; do
    printf 'export %s=%q\n' "$name" "${!name}"
  done >"$out/environment"
  chmod 600 "$out/environment"
  printf '%s\n' "${started[*]}" >"$out/running"
  printf '\nMinIO (%s) and miniatura serve (http://127.0.0.1:%s) are left running. To try them:\n\n' "$AWS_ENDPOINT_URL_S3" "$1"
  printf '  . %q\n' "$out/environment"
  printf '  %q s3 put PHOTO.jpg s3://photos/uploads/PHOTO.jpg    # or by any other S3 client\n' "$executable"
  printf '  %q s3 ls s3://thumbnails/ --recursive\n' "$executable"
  printf '  curl http://127.0.0.1:%s/metrics\n' "$1"
  printf '\nTo stop them:        kill %s\n' "${started[*]}"
  started=()  # they are not this script's any more
}

main() {
  local photos=() photo ports failed=0
  out=demo-out with_minio=false keep=false
  while [ $# -gt 0 ]; do
    case $1 in
      --minio) with_minio=true ;;
      --keep) keep=true ;;
      --out) [ $# -ge 2 ] || die "--out needs a directory"; out=$2; shift ;;
      -h | --help) usage; exit 0 ;;
      --) shift; photos+=("$@"); break ;;
      -*) die "no option \"$1\": there are --minio, --keep, --out DIR" ;;
      *) photos+=("$1") ;;
    esac
    shift
  done
  if $keep && ! $with_minio; then die "--keep goes with --minio: the emulator serves one demo"; fi
  for photo in "${photos[@]}"; do
    if [ ! -f "$photo" ] || [ ! -r "$photo" ]; then die "$photo: no file that can be read"; fi
  done
  [ ${#photos[@]} -gt 0 ] || photos=("$root"/infra/demo/photos/*.{jpg,png,webp})
  prepare_out
  trap stop_all EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  if $with_minio; then "$root/infra/setup.sh" build minio boto3; else "$root/infra/setup.sh" build rie; fi
  PATH=$PATH:$root/.tools/bin
  build

  read -r -a ports < <(free_ports 2)
  export MINIATURA_DEST=s3://thumbnails/ MINIATURA_PRESETS=$presets MINIATURA_JOURNAL=$out/journal.db
  export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
  unset MINIATURA_CONFIG
  if $with_minio; then
    export MINIATURA_STORE=s3:
    start_minio "${ports[0]}" "${ports[1]}"
    start_serve "${ports[1]}"
    printf '\n'
    python3 -B "$root/infra/demo/watch.py" --executable "$executable" --out "$out" -- "${photos[@]}" || failed=$?
  else
    export MINIATURA_STORE=file://$out/store
    start_function "${ports[0]}" "${ports[1]}"
    printf '\n'
    python3 -B "$root/infra/demo/deliver.py" --invoke "127.0.0.1:${ports[0]}" --store "$out/store" --out "$out" \
      -- "${photos[@]}" || failed=$?
  fi
  if $keep; then say_how_to_try "${ports[1]}"; else stop_all; fi
  say_where
  exit "$failed"
}

main "$@"
