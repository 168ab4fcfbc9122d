#!/usr/bin/env bash
# Builds and checks everything; ends with the test runner's own summary.
#
#   infra/test.sh          format, scripts, clang-tidy on what changed, the package, the fuzzers for 10 s each, the tests
#   infra/test.sh --all    and what is slow: clang-tidy on every file, the tests under the sanitizers, the release build,
#                          the package for arm64 and once more elsewhere, the fuzzers for 3 minutes each, the proofs on
#                          MinIO and RabbitMQ and the tests of the package in their long form
#
# A test whose server is missing is skipped, and named; with CI=true it fails.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=$(nproc)
tidy_files_max=24  # of those that changed, so that a large merge does not take an hour; --all takes every file

step() { printf '\n== %s\n' "$*"; }
die() { printf 'test: %s\n' "$*" >&2; exit 1; }
# The tests' runner has its own summary, which stays the last thing said.
report_failure() {
  if [ "$1" != 0 ] && [ "$step_name" != tests ]; then printf '\ntest: FAILED in: %s\n' "$step_name" >&2; fi
}
trap 'report_failure $?' EXIT
step_name=start
run_step() { step_name=$1; step "$1"; shift; "$@"; }

cpp_files() { git ls-files --cached --others --exclude-standard -- '*.cc' '*.h'; }

build() { cmake --preset "$1" >"$root/build/$1.configure.log" 2>&1 || { cat "$root/build/$1.configure.log"; return 1; }
  cmake --build --preset "$1" -j "$jobs"; }

check_format() { cpp_files | xargs -r -d '\n' clang-format-14 --dry-run -Werror; }

check_scripts() {
  git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run bench/run bench/quality | xargs -r -d '\n' shellcheck -x
}

# What this branch changed since it left main, or the last commit; and what is not committed yet. Newest first.
changed_files() {
  local base=''
  if base=$(git merge-base HEAD origin/main 2>/dev/null) && [ "$base" != "$(git rev-parse HEAD)" ]; then :; else
    base=$(git rev-parse -q --verify HEAD~1 || true)
  fi
  {
    git diff --name-only --diff-filter=d HEAD
    git ls-files --others --exclude-standard
    [ -z "$base" ] || git log --format= --name-only --diff-filter=d "$base..HEAD"
  } | awk '!seen[$0]++'
}

# A header is checked through the source of its name.
sources_of() {
  local file
  while read -r file; do
    case $file in *.h) file=${file%.h}.cc ;; esac
    if [[ $file == *.cc && -e $file ]]; then echo "$file"; fi
  done | awk '!seen[$0]++'
}

tidy() {  # the files come on stdin; only what is built has its flags known
  local files
  files=$(grep -Fx -f <(sed -n "s|.*\"file\": \"$root/\(.*\)\".*|\1|p" build/dev/compile_commands.json) || true)
  [ -n "$files" ] || { echo "nothing to check"; return 0; }
  printf '%s\n' "$files" | xargs -d '\n' -n 1 -P "$jobs" clang-tidy-14 -p build/dev --quiet 2> >(grep -v 'warnings generated' >&2)
}

tidy_changed() {
  local all count
  all=$(changed_files | sources_of)
  count=$(printf '%s' "$all" | grep -c . || true)
  if [ "$count" -gt "$tidy_files_max" ]; then
    echo "$count files changed: the newest $tidy_files_max are checked here, every file by --all"
  fi
  printf '%s\n' "$all" | head -n "$tidy_files_max" | tidy
}

tidy_all() { cpp_files | sources_of | tidy; }

# A finding is written beside the seeds, where it stays until it is mended, and then as a seed.
fuzz() {  # SECONDS
  build fuzz
  printf '%s\n' build/fuzz/tests/fuzz/*_fuzz | xargs -P "$jobs" -I '{}' "$0" --fuzz-one '{}' "$1"
}

fuzz_one() {  # TARGET SECONDS
  local name seeds corpus log
  name=$(basename "$1" _fuzz)
  seeds=tests/fuzz/seeds/$name
  corpus=build/fuzz/corpus/$name
  log=build/fuzz/$name.log
  mkdir -p "$corpus"
  if "$1" -max_total_time="$2" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$seeds/" \
    "$corpus" "$seeds" >"$log" 2>&1; then
    printf '%s: %s\n' "$name" "$(tail -n 1 "$log")"
  else
    cat "$log"
    printf '%s: a finding, kept in %s\n' "$name" "$seeds"
    return 1
  fi
}

# The same bytes, built from nothing in another folder.
package_elsewhere() {
  local elsewhere=build/elsewhere
  rm -rf "$elsewhere"
  mkdir -p "$elsewhere/.tools/package"
  git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$elsewhere"
  cp -a .tools/package/downloads .tools/package/apt "$elsewhere/.tools/package/"  # Debian's files need not be fetched again
  CCACHE_DISABLE=1 "$elsewhere/infra/package.sh" --out "$elsewhere/dist"
  local file
  for file in bootstrap miniatura-lambda-x86_64.zip miniatura-x86_64.spdx.json licences-x86_64.txt; do
    cmp "dist/$file" "$elsewhere/dist/$file"
  done
  rm -rf "$elsewhere"
}

sanitized() { build "$1" && ctest --preset "$1" -j "$jobs"; }

main() {
  local all=false
  case ${1:-} in
    '') ;;
    --all) all=true ;;
    --fuzz-one) fuzz_one "$2" "$3"; trap - EXIT; exit ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) die "no option \"$1\": there is --all" ;;
  esac

  mkdir -p build
  run_step "setup" infra/setup.sh
  export PATH=$PATH:$root/.tools/bin
  run_step "build (dev)" build dev
  run_step "clang-format" check_format
  run_step "shellcheck" check_scripts
  run_step "package" infra/package.sh
  if $all; then
    run_step "package for arm64" infra/package.sh --arch arm64
    run_step "package, from nothing in another folder" package_elsewhere
    run_step "clang-tidy, every file" tidy_all
    run_step "tests under AddressSanitizer and UndefinedBehaviorSanitizer" sanitized asan
    run_step "tests under ThreadSanitizer" sanitized tsan
    run_step "build (release)" build release
    run_step "fuzzers, 3 minutes each" fuzz 180
    export MINIATURA_LONG=1
  else
    run_step "clang-tidy, what changed" tidy_changed
    run_step "fuzzers, 10 seconds each" fuzz 10
  fi
  run_step "tests" ctest --preset dev -j "$jobs"
}

main "$@"
