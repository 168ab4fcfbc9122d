# shellcheck shell=bash disable=SC2154
# How each library is built for the static executable; sourced by package.sh. A recipe runs in the unpacked source, with
# the flags below in its environment, and installs into $destination (prefix /usr). What nobody asks for stays out:
# the fewer the features, the fewer the faults.

# For what does not decide how long a picture takes.
small() { export CFLAGS="$CFLAGS -Os" CXXFLAGS="$CXXFLAGS -Os"; }

cmake_static() {  # OPTION…
  cmake -S . -B build-static -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain_file" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "$@"
  cmake --build build-static -j "$jobs"
  DESTDIR=$destination cmake --install build-static
}

configure_static() {  # OPTION…
  ./configure --build="$(dpkg-architecture -qDEB_BUILD_GNU_TYPE)" --host="$triplet" --prefix=/usr --libdir=/usr/lib \
    --disable-shared --enable-static --disable-dependency-tracking "$@"
  make -j "$jobs"
  make DESTDIR="$destination" install
  rm -f "$destination"/usr/lib/*.la
}

# TLS 1.2 and 1.3, X.509 and digests. It reads no configuration and loads nothing.
build_openssl() {
  local options=(no-shared no-module no-dso no-engine no-async no-autoload-config no-tests no-filenames no-ui-console)
  options+=(no-ssl3 no-ssl3-method no-tls1 no-tls1-method no-tls1_1 no-tls1_1-method no-dtls no-dtls1-method)
  options+=(no-dtls1_2-method no-comp no-psk no-srp no-srtp no-ct no-ocsp no-ts no-cms no-cmp no-rfc3779 no-gost)
  options+=(no-legacy no-md4 no-mdc2 no-rmd160 no-whirlpool no-blake2 no-des no-rc2 no-rc4 no-bf no-cast no-idea no-seed)
  options+=(no-camellia no-aria no-sm2 no-sm3 no-sm4 no-siv no-siphash no-scrypt no-ec2m no-dsa)
  # shellcheck disable=SC2016
  sed -i 's/^\$cflags = .*/$cflags = "compiler: gcc";/' util/mkbuildinf.pl  # it would tell where this is built
  perl Configure "$openssl_target" --prefix=/usr --libdir=lib --openssldir=/etc/ssl "${options[@]}"
  make -j "$jobs" build_libs
  make DESTDIR="$destination" install_dev
}

# Debian's source is SQLite's own, of which the one large file is made.
build_sqlite() {
  local settings=(-DSQLITE_THREADSAFE=1 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS
    -DSQLITE_MAX_EXPR_DEPTH=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_PROGRESS_CALLBACK
    -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_JSON -DSQLITE_USE_ALLOCA -DHAVE_USLEEP=1 -DHAVE_FDATASYNC=1)
  mkdir amalgamation
  (cd amalgamation && env -u CC -u CFLAGS ../configure --disable-tcl --disable-readline && make sqlite3.c)
  small
  # shellcheck disable=SC2086
  "$CC" $CFLAGS "${settings[@]}" -c amalgamation/sqlite3.c -o sqlite3.o
  "$AR" rcs libsqlite3.a sqlite3.o
  install -D -m 644 -t "$destination/usr/lib" libsqlite3.a
  install -D -m 644 -t "$destination/usr/include" amalgamation/sqlite3.h
}

build_rabbitmq-c() {
  small
  export CFLAGS="$CFLAGS -include $root/infra/package/no_engine.h"
  cmake_static -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF -DBUILD_TOOLS=OFF -DBUILD_TESTS=OFF -DBUILD_API_DOCS=OFF \
    -DENABLE_SSL_SUPPORT=ON
}

build_fmt() { small && cmake_static -DFMT_TEST=OFF -DFMT_DOC=OFF; }

# HTTP and TLS. No file of OpenSSL's configuration is read, and no place of certificates is known: the program says
# which.
build_curl() {
  # OpenSSL starts itself at the first TLS connection; this would start it with the first handle.
  sed -i '/^  OPENSSL_init_ssl(flags, NULL);/d' lib/vtls/openssl.c
  small
  cmake_static -DBUILD_CURL_EXE=OFF -DHTTP_ONLY=ON -DENABLE_MANUAL=OFF -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=OFF \
    -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF \
    -DCURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG=ON -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DENABLE_THREADED_RESOLVER=ON \
    -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_ALTSVC=ON -DCURL_DISABLE_HSTS=ON -DCURL_DISABLE_NETRC=ON \
    -DCURL_DISABLE_NTLM=ON -DCURL_DISABLE_DOH=ON -DCURL_DISABLE_MIME=ON -DCMAKE_USE_GSSAPI=OFF -DBUILD_TESTING=OFF
}

# S3's answers are UTF-8: a parser and its tree.
build_libxml2() {
  small
  local feature off=()
  for feature in C14N CATALOG DEBUG DOCB FTP HTML HTTP ICONV ICU ISO8859X LEGACY LZMA MODULES OUTPUT PATTERN PROGRAMS \
    PUSH PYTHON READER REGEXPS SCHEMAS SCHEMATRON TESTS VALID WRITER XINCLUDE XPATH XPTR ZLIB; do
    off+=("-DLIBXML2_WITH_$feature=OFF")
  done
  cmake_static "${off[@]}"
}

build_prometheus-cpp() {
  small
  cmake_static -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF
}

build_libseccomp() { small && configure_static --disable-python; }

build_lcms2() { configure_static --without-jpeg --without-tiff; }

# Uncompressed, PackBits, LZW, Deflate, JPEG, CCITT.
build_libtiff() {
  small
  cmake_static -Dlzma=OFF -Dzstd=OFF -Dwebp=OFF -Djbig=OFF -Dlerc=OFF -Dlibdeflate=OFF -Dold-jpeg=OFF -Dcxx=OFF \
    -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF -DCMath_HAVE_LIBC_POW=1 \
    -DCMAKE_DISABLE_FIND_PACKAGE_OpenGL=ON -DCMAKE_DISABLE_FIND_PACKAGE_GLUT=ON
}

# Of its hundred coders the six that thumbnailer/codecs/magick may use; no delegates, no fonts, no OpenMP, no X11.
build_graphicsmagick() {
  small
  sed -i '/STATICM("/{/"\(BMP\|GIF\|JPEG\|PNG\|TIFF\|WEBP\)"/!d}' magick/static.c
  PKG_CONFIG=false configure_static --with-quantum-depth=16 --with-magick-plus-plus --disable-openmp --disable-installed \
    --without-x --without-ttf --without-wmf --without-lcms2 --without-bzlib --without-dps --without-fpx --without-jbig \
    --without-jp2 --without-lzma --without-heif --without-jxl --without-mpeg2 --without-tcmalloc --without-mtmalloc \
    --without-umem --without-trio --without-xml --without-zstd --without-perl --without-gs --without-frozenpaths \
    --disable-compressed-files
}

build_libde265() { cmake_static -DENABLE_SDL=OFF -DENABLE_DEC265=OFF -DENABLE_ENCODER=OFF; }

build_dav1d() {
  meson setup build-static --cross-file "$meson_file" --prefix=/usr --libdir=lib --buildtype=plain \
    --default-library=static -Db_ndebug=true -Denable_tools=false -Denable_tests=false -Dlogging=false
  ninja -C build-static -j "$jobs"
  DESTDIR=$destination meson install -C build-static --no-rebuild
}

# Encodes alone, 8 bits a sample: dav1d decodes. Half of an AVIF's time goes by in few of its files (`perf`); the others may
# be small.
build_aom() {
  small
  cat >>CMakeLists.txt <<'EOF'
set_source_files_properties(
  aom_dsp/entenc.c av1/common/reconintra.c av1/encoder/encodemb.c av1/encoder/encodetxb.c av1/encoder/intra_mode_search.c
  av1/encoder/tx_search.c av1/encoder/txb_rdopt.c av1/encoder/x86/av1_fwd_txfm2d_avx2.c av1/encoder/x86/av1_fwd_txfm_sse2.c
  PROPERTIES COMPILE_OPTIONS -O2)
EOF
  cmake_static -DCONFIG_AV1_DECODER=0 -DCONFIG_AV1_HIGHBITDEPTH=0 -DCONFIG_WEBM_IO=0 -DCONFIG_LIBYUV=0 -DCONFIG_DENOISE=0 \
    -DENABLE_DOCS=0 -DENABLE_EXAMPLES=0 -DENABLE_TESTS=0 -DENABLE_TOOLS=0 -DENABLE_TESTDATA=0 -DENABLE_CCACHE=0
}

# No x265, which is GPL; no plug-ins, which would be loaded from the disk.
build_libheif() {
  # libde265's tables (23 million instructions) at the first HEIC, and kept from then on: libheif makes them in a static
  # constructor, at every start.
  sed -i '/^  de265_\(init\|free\)();/d; s/^\( *\)decoder->ctx = de265_new_decoder();/\1static const de265_error kept = de265_init();\n\1(void) kept;\n&/' \
    libheif/plugins/heif_decoder_libde265.cc
  small
  cmake_static -DENABLE_PLUGIN_LOADING=OFF -DWITH_EXAMPLES=OFF -DWITH_GDK_PIXBUF=OFF -DWITH_X265=OFF -DWITH_RAV1E=OFF \
    -DWITH_SvtEnc=OFF -DWITH_LIBDE265=ON -DWITH_DAV1D=ON -DWITH_AOM_DECODER=OFF -DWITH_AOM_ENCODER=ON \
    -DWITH_DEFLATE_HEADER_COMPRESSION=OFF -DWITH_UNCOMPRESSED_CODEC=OFF
}
