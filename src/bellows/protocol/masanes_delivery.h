#pragma once

#include <nlohmann/json.hpp>

#include "bellows/base/file.h"
#include "bellows/bits/bit_string.h"
#include "bellows/net/ledger.h"

namespace bellows::protocol {

/// The key between being made and being handed over. It is sealed (KEY.SESSION.sealed, mode 0600) before the peer is
/// told; one rename delivers it, so that no crash can deliver it twice or half.

/// That a key can be put there: writes a file beside it, and removes it. Before anything is spent on a session.
/// Errors: bad_input: the system's word.
Status check_key_place(const Path& key);
/// Writes the sealed key and enters the session as in doubt. Errors: bad_input: the key file exists; the system's word.
Status seal_key(net::Ledger& ledger, const net::Label& session, const Path& key, const bits::BitString& bits,
                const nlohmann::json& certificate, const nlohmann::json& peer_certificate);
/// Adds the peer's certificate, where it comes after sealing.
Status note_peer_certificate(net::Ledger& ledger, const net::Label& session, const nlohmann::json& peer_certificate);
/// What the account holds of a sealed key: where it goes, its certificate, and whether the disk still has it, sealed or
/// (after a crash in delivery) delivered. Errors: bad_input: no such session, or a damaged entry.
Result<Path> key_path_of(const net::Ledger& ledger, const net::Label& session);
Result<nlohmann::json> certificate_of(const net::Ledger& ledger, const net::Label& session);
bool key_is_there(const net::Ledger& ledger, const net::Label& session);
/// Puts certificates and key in place and closes the account. May be repeated after a crash; delivers once.
/// Errors: bad_input: the key is not there, or its place is taken.
Status deliver_key(net::Ledger& ledger, const net::Label& session);
/// Destroys what is left of keys whose sealing a crash cut short: nobody was told of them. Once, before a session
/// starts.
Status clear_remains(net::Ledger& ledger);
/// Destroys the sealed key, overwritten first: the peer does not have it. Errors: bad_input: it could not be; it stays
/// in doubt then.
Status drop_key(net::Ledger& ledger, const net::Label& session, const std::string& why);

}  // namespace bellows::protocol
