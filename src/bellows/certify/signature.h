#pragma once

#include <string>
#include <string_view>

#include "bellows/base/file.h"
#include "bellows/base/result.h"

namespace bellows::certify {

/// Ed25519 (libsodium), detached: FILE.sig beside a certificate of either form, over the file's bytes. All three files
/// are small JSON documents (docs/format-certificate.md).

/// Makes a key pair: KEY (0600, secret) and KEY.pub. Errors: bad_input: one exists, or the system's word.
Status make_signing_key(const Path& secret_key_file);

/// That sign_file() can use it. Errors: bad_input: unreadable, or no secret key.
Status check_signing_key(const Path& secret_key_file);

/// Writes FILE.sig. Errors: bad_input: a key file that is none, an unreadable file.
Status sign_file(const Path& file, const Path& secret_key_file, bool overwrite);

/// The public key (hexadecimal) under which FILE.sig is a valid signature of FILE.
/// Errors: refused: the signature is wrong. bad_input: no signature, or not one of ours.
Result<std::string> verify_file_signature(const Path& file);
/// As above, and the key is the one in public_key_file. Errors: refused: another key.
Status verify_file_signature(const Path& file, const Path& public_key_file);

Path signature_path(const Path& file);

}  // namespace bellows::certify
