#!/usr/bin/env bash
# Makes what is deployed: one fully static executable, the zip for Lambda, and the list of what is in it.
#
#   infra/package.sh [--arch x86_64|arm64] [--out DIR] [--with COMPONENT=DIR]…
#
#   DIR/bootstrap, DIR/miniatura-lambda-ARCH.zip    (DIR is dist/ of the checkout; of arm64: DIR/arm64/bootstrap)
#   DIR/miniatura-ARCH.spdx.json, DIR/licences-ARCH.txt
#
# The libraries are Debian's, at their newest versions: where Debian has a static one that needs nothing else, that; else
# built from Debian's source package with what is not needed left out (infra/package/components.txt, recipes.sh). Each is
# built once, and again when its recipe, its version, the compiler or a library below it changes. Nothing is installed on
# the machine but the tools of infra/packages.txt. The first time takes some minutes, a change of ours a link. --with takes a
# library's source from DIR, as the LGPL lets you ask.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.tools/package
jobs=$(nproc)
# shellcheck source=infra/package/debian.sh
. "$root/infra/package/debian.sh"
# shellcheck source=infra/package/recipes.sh
. "$root/infra/package/recipes.sh"

say() { printf 'package: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The columns of a component: "component from package licence needs…".
components() { grep -v '^#' "$root/infra/package/components.txt" | tr -s ' ' | sed 's/ *| */|/g'; }

# --- stages: .tools/package/ARCH/COMPONENT-KEY/{usr,version,copyright} ---

declare -A stage_of own_source

digest() { sha256sum | cut -c 1-16; }

key_of() {  # COMPONENT FROM VERSION NEEDS…
  local component=$1 from=$2 version=$3 need
  shift 3
  {
    printf '%s\n' "$component" "$from" "$version" "$deb_arch"
    if [ "$from" = source ]; then
      declare -f "build_$component" small cmake_static configure_static unpack_source
      ! declare -f "build_$component" | grep -q no_engine.h || cat "$root/infra/package/no_engine.h"
      printf '%s\n' "$flags $c_flags" "$("$triplet-gcc" --version | head -n 1)"
    else
      declare -f stage_binary
    fi
    for need in "$@"; do printf '%s\n' "${stage_of[$need]##*/}"; done
  } | digest
}

unpack_source() {  # COMPONENT PACKAGE VERSION DIRECTORY
  if [ -n "${own_source[$1]:-}" ]; then cp -a "${own_source[$1]}" "$4"; return; fi
  dpkg-source --no-check -x "$cache/downloads/$2/${3//:/_}"/*.dsc "$4"
}

# By Debian's changelog, so that it is the same tomorrow.
source_date() { dpkg-parsechangelog -S Timestamp 2>/dev/null || echo 0; }

copy_licence() {  # FILE
  if [ -e debian/copyright ]; then cp debian/copyright "$1"; return; fi
  cat COPYING* LICEN[CS]E* 2>/dev/null >"$1" || true  # one of the two is usual
  [ -s "$1" ] || { echo "no file called COPYING or LICENSE"; return 1; }
}

own_version() {  # COMPONENT
  echo "own-$(cd "${own_source[$1]}" && find . -type f -exec sha256sum {} + | sort | digest)"
}

stage_source() {  # COMPONENT PACKAGE VERSION STAGE
  local build=$scratch/$1 log=$work/$1.log began=$SECONDS status
  say "building $1 $3"
  set +e  # or the shell would not stop at an error inside
  (
    set -e
    unpack_source "$1" "$2" "$3" "$build"
    cd "$build"
    export destination=$4.new CC=$triplet-gcc CXX=$triplet-g++ AR=$triplet-gcc-ar RANLIB=$triplet-gcc-ranlib
    local include="-I$sysroot/usr/include -I$sysroot/usr/include/$triplet"
    local paths="-ffile-prefix-map=$build=. -ffile-prefix-map=$sysroot="  # the same bytes wherever it is built
    export CFLAGS="$flags $c_flags $include $paths" CXXFLAGS="$flags $include $paths"
    export LDFLAGS="-L$sysroot/usr/lib -L$sysroot/usr/lib/$triplet"
    local date
    date=$(source_date)
    export SOURCE_DATE_EPOCH=$date
    rm -rf "$destination"
    "build_$1"
    copy_licence "$destination/copyright"
  ) >"$log" 2>&1
  status=$?
  set -e
  [ "$status" = 0 ] || { tail -n 30 "$log" >&2; die "$1 $3 cannot be built; all of it: $log"; }
  rm -rf "$build"
  say "$1 $3 is built ($((SECONDS - began)) s)"
}

stage_binary() {  # COMPONENT PACKAGE VERSION STAGE
  local copyright
  mkdir -p "$4.new"
  dpkg-deb -x "$cache/downloads/$2/${3//:/_}-$deb_arch"/*.deb "$4.new"
  copyright=$4.new/usr/share/doc/$2/copyright
  if [ ! -e "$copyright" ]; then copyright=/usr/share/doc/$2/copyright; fi  # of another package, by a link
  cp -L "$copyright" "$4.new/copyright" || die "no licence of Debian's $2: $copyright"
  find "$4.new" -name '*.so' -delete
}

stage() {  # COMPONENT FROM PACKAGE NEEDS…
  local component=$1 from=$2 package=$3 version directory
  shift 3
  case $from${own_source[$component]:+,own} in
    source,own) version=$(own_version "$component") ;;
    source) version=$(fetch_source "$package") ;;
    *,own) die "--with $component: it is not built from source" ;;
    *) version=$(fetch_binary "$package") ;;
  esac
  [ -n "$version" ] || exit 1
  directory=$work/$component-$(key_of "$component" "$from" "$version" "$@")
  stage_of[$component]=$directory
  if [ ! -e "$directory/version" ]; then
    rm -rf "$directory" "$directory.new"
    if [ "$from" = source ]; then
      assemble "$@"
      stage_source "$component" "$package" "$version" "$directory"
    else
      stage_binary "$component" "$package" "$version" "$directory"
    fi
    echo "$version" >"$directory.new/version"
    mv "$directory.new" "$directory"
  fi
}

# The libraries as one tree. What was built against another one is built anew.
assemble() {  # COMPONENT…
  local component stages
  stages=$(for component in "$@"; do echo "${stage_of[$component]##*/}"; done | sort)
  if [ -e "$sysroot/stages" ] && [ "$stages" = "$(cat "$sysroot/stages")" ]; then return; fi
  rm -rf "$sysroot"
  mkdir -p "$sysroot"
  for component in "$@"; do cp -al "${stage_of[$component]}/usr" "$sysroot/"; done
  printf '%s\n' "$stages" >"$sysroot/stages"
}

write_toolchain() {
  toolchain_file=$work/toolchain.cmake
  meson_file=$work/cross.ini
  {
    [ "$deb_arch" = "$(dpkg --print-architecture)" ] || echo "set(CMAKE_SYSTEM_NAME Linux)"
    cat <<EOF
set(CMAKE_SYSTEM_PROCESSOR ${triplet%%-*})
set(CMAKE_C_COMPILER $triplet-gcc)
set(CMAKE_CXX_COMPILER $triplet-g++)
set(CMAKE_AR /usr/bin/$triplet-gcc-ar CACHE FILEPATH "")
set(CMAKE_RANLIB /usr/bin/$triplet-gcc-ranlib CACHE FILEPATH "")
set(CMAKE_FIND_ROOT_PATH $sysroot)
set(CMAKE_LIBRARY_ARCHITECTURE $triplet)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
EOF
  } >"$toolchain_file"
  cat >"$meson_file" <<EOF
[binaries]
c = '$triplet-gcc'
ar = '$triplet-gcc-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
[host_machine]
system = 'linux'
cpu_family = '${triplet%%-*}'
cpu = '${triplet%%-*}'
endian = 'little'
EOF
}

build_libraries() {
  local component from package needs
  while IFS='|' read -r component from package _ needs; do
    # shellcheck disable=SC2086
    [ "$from" = compiler ] || stage "$component" "$from" "$package" $needs
  done < <(components)
  assemble "${!stage_of[@]}"
}

# --- our own ---

build_executable() {
  local paths="-ffile-prefix-map=$build=build -ffile-prefix-map=$sysroot= -ffile-prefix-map=$root=."
  local include="-isystem $sysroot/usr/include -isystem $sysroot/usr/include/$triplet"  # before the machine's own
  say "building miniatura"
  cmp -s "$sysroot/stages" "$build/stages" || rm -rf "$build"
  mkdir -p "$build"
  cp "$sysroot/stages" "$build/stages"
  cmake --preset package -B "$build" -DCMAKE_TOOLCHAIN_FILE="$toolchain_file" \
    -DMINIATURA_AUTHORITIES="$sysroot/usr/share/ca-certificates/mozilla" \
    -DCMAKE_CXX_FLAGS="$include $paths" >"$work/miniatura.log" 2>&1 ||
    { cat "$work/miniatura.log" >&2; die "cannot configure"; }
  cmake --build "$build" -j "$jobs" --target miniatura >&2
}

pack() {  # DIR
  local version epoch
  version=$(sed -n 's/^project(miniatura VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
  epoch=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)
  python3 -B "$root/infra/package/pack.py" --executable "$build/miniatura" --map "$build/miniatura.map" --work "$work" \
    --arch "$arch" --version "$version" --epoch "$epoch" --out "$1"
}

add_own_source() {  # COMPONENT=DIR
  local component=${1%%=*} directory=${1#*=}
  components | cut -d '|' -f 1 | grep -qx "$component" || die "--with: no component \"$component\"; infra/package/components.txt has them"
  [ -d "$directory" ] || die "--with $component: no directory \"$directory\""
  own_source[$component]=$(cd "$directory" && pwd)
}

main() {
  local out=$root/dist
  arch=x86_64
  while [ $# -gt 0 ]; do
    case $1 in
      --arch) arch=${2:-}; shift 2 ;;
      --out) out=${2:-}; shift 2 ;;
      --with) add_own_source "${2:-}"; shift 2 ;;
      -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
      *) die "no option \"$1\": there are --arch, --out and --with" ;;
    esac
  done
  case $arch in
    x86_64) deb_arch=amd64 triplet=x86_64-linux-gnu openssl_target=linux-x86_64 ;;
    arm64) deb_arch=arm64 triplet=aarch64-linux-gnu openssl_target=linux-aarch64 ;;
    *) die "no architecture \"$arch\": x86_64, arm64" ;;
  esac
  if [ "$arch" = x86_64 ]; then "$root/infra/setup.sh" package; else "$root/infra/setup.sh" package "package-$arch"; fi
  work=$cache/$arch
  sysroot=$work/sysroot
  build=$root/build/package-$arch
  mkdir -p "$work"
  exec 9>"$cache/.lock"
  flock 9  # one at a time
  scratch=$(mktemp -d "$work/scratch.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  export PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$sysroot/usr/lib/pkgconfig:$sysroot/usr/lib/$triplet/pkgconfig
  # Debian's own flags, and sections that the linker can drop.
  flags="-O2 -pipe -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wformat -Werror=format-security"
  # No exception passes through C: the tables for that are a twentieth of the file.
  c_flags="-fno-asynchronous-unwind-tables -fno-unwind-tables"
  apt_setup
  write_toolchain
  build_libraries
  build_executable
  pack "$out"
}

main "$@"
