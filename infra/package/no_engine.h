/* rabbitmq-c asks OpenSSL for engines, which the one built here does not have: there are none. */
#include <openssl/types.h>

#define ENGINE_METHOD_ALL 0
static inline void ENGINE_load_builtin_engines(void) {}
static inline void ENGINE_cleanup(void) {}
static inline ENGINE* ENGINE_by_id(const char* id) { return (void)id, (ENGINE*)0; }
static inline int ENGINE_free(ENGINE* engine) { return (void)engine, 1; }
static inline int ENGINE_set_default(ENGINE* engine, unsigned flags) {
  return (void)engine, (void)flags, 0;
}
static inline EVP_PKEY* ENGINE_load_private_key(ENGINE* engine, const char* id, void* ui,
                                                void* more) {
  return (void)engine, (void)id, (void)ui, (void)more, (EVP_PKEY*)0;
}
