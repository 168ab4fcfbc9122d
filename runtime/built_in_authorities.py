"""Makes built_in_authorities.cc: built_in_authorities.py OUTPUT CERTIFICATE…"""
import ssl
import sys

output, *files = sys.argv[1:]
certificates = []
for file in sorted(files):
    with open(file, encoding="ascii") as pem:
        certificates.append(ssl.PEM_cert_to_DER_cert(pem.read()))
if len(certificates) < 100:
    sys.exit(f"{len(certificates)} certificates of authorities: are all of ca-certificates there?")
with open(output, "w", encoding="ascii") as source:
    source.write('#include "runtime/built_in_authorities.h"\n\nnamespace miniatura {\n\n'
                 "ByteView built_in_authorities() {\n  static constexpr char kCertificates[] =\n")
    for certificate in certificates:
        source.write('      "' + "".join(f"\\x{byte:02x}" for byte in certificate) + '"\n')
    source.write("      ;\n  return {kCertificates, sizeof kCertificates - 1};\n}\n\n}  // namespace miniatura\n")
