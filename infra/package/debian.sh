# shellcheck shell=bash disable=SC2154
# Debian's packages, without a word to the machine's own apt: lists, sources and .debs are in $cache. Sourced by
# package.sh.

apt_setup() {
  local etc=$cache/apt/etc file
  rm -rf "$etc"
  mkdir -p "$etc/parts" "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial" "$cache/downloads"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -s "$file" ] || sed -n 's/^deb \(.*\)/deb \1\ndeb-src \1/p' "$file" >"$etc/parts/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -e "$file" ] || sed -E 's/^Types:.*/Types: deb deb-src/; /^Architectures:/d' "$file" >"$etc/parts/${file##*/}"
  done
  cat >"$etc/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$etc/parts";
Dir::State::lists "$cache/apt/lists";
Dir::Cache "$cache/apt/cache";
APT::Architectures {"$(dpkg --print-architecture)"; "$deb_arch"};
APT::Sandbox::User "$(id -un)";
EOF
  export APT_CONFIG=$etc/apt.conf
  # Once a day: then a change of ours needs no network.
  if [ -z "$(find "$cache/apt/lists.$deb_arch" -mmin -1440 2>/dev/null)" ]; then
    if apt-get -qq update; then touch "$cache/apt/lists.$deb_arch"; else say "Debian's lists cannot be had now: taking those that are here"; fi
  fi
}

# The newest first. A mirror may name a version that it does not have any more, or not yet.
source_versions() { apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -Vru; }
# What is the same for all processors is known without one.
for_arch() { if [ -n "$(apt-cache show "$1:$deb_arch" 2>/dev/null)" ]; then echo "$1:$deb_arch"; else echo "$1"; fi; }
binary_version() { apt-cache show "$(for_arch "$1")" 2>/dev/null | sed -n 's/^Version: //p' | sort -Vru | head -n 1; }

download() {  # DIRECTORY COMMAND…: run in the directory, once; a download that broke off is begun anew
  if [ -e "$1/complete" ]; then return; fi
  rm -rf "$1"
  mkdir -p "$1"
  (cd "$1" && "${@:2}") >"$cache/fetch.log" 2>&1 && touch "$1/complete"
}

fetch_source() {  # PACKAGE: says the version; its files are in downloads/PACKAGE/VERSION
  local version
  for version in $(source_versions "$1"); do
    if download "$cache/downloads/$1/${version//:/_}" apt-get -qq source --download-only "$1=$version"; then
      echo "$version"
      return
    fi
    say "Debian's source of $1 $version is listed and cannot be had: $cache/fetch.log says why; the next older one, then"
  done
  die "no source of Debian's $1 can be had: $(source_versions "$1" | tr '\n' ' ')"
}

fetch_binary() {  # PACKAGE: says the version; its file is downloads/PACKAGE/VERSION/*.deb
  local version
  version=$(binary_version "$1")
  [ -n "$version" ] || die "Debian's package $1 is unknown for $deb_arch"
  download "$cache/downloads/$1/${version//:/_}-$deb_arch" apt-get -qq download "$(for_arch "$1")=$version" ||
    die "Debian's $1 $version cannot be had: $cache/fetch.log says why"
  echo "$version"
}
