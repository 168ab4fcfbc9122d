// The contract on the live Versity S3 Gateway: what MinIO alone takes is not yet S3.
#include <gtest/gtest.h>

#include "tests/s3client/object_store_contract_live.h"

namespace miniatura {
namespace {

// An object is a file, and what is known of it must fit into its extended attributes (4 KiB on
// ext4). Its listings ignore encoding-type=url, and XML has no control characters.
constexpr Lacking kLacking = {.odd_parts = true,
                              .nested_keys = true,
                              .nested_listing = true,
                              .control_characters = true,
                              .storage_classes = true,
                              .long_tags = true};

INSTANTIATE_TEST_SUITE_P(Live, ObjectStoreContract,
                         testing::Values(live_param("versity", &LiveServer::versity, kLacking)),
                         contract_name);

}  // namespace
}  // namespace miniatura
