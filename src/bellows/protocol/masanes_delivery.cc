#include "bellows/protocol/masanes_delivery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "bellows/bits/bit_file.h"

namespace bellows::protocol {
namespace {

using nlohmann::json;

Path sealed_path(const Path& key, const net::Label& session) {
  return key.string() + "." + net::label_text(session) + ".sealed";
}

Result<json> note_of(const net::Ledger& ledger, const net::Label& session) {
  BELLOWS_ASSIGN(auto entry, ledger.session(session));
  if (!entry) return bad_input("the ledger does not know this session");
  json note = json::parse(entry->note, nullptr, false);
  if (!note.is_object() || !note.contains("key") || !note["key"].is_string())
    return bad_input("the ledger's entry of a session is damaged");
  return note;
}

}  // namespace

Status check_key_place(const Path& key) {
  std::array<std::uint8_t, 8> number;
  randombytes_buf(number.data(), number.size());
  Path probe = key.string() + ".";
  for (std::uint8_t byte : number) probe += fmt::format("{:02x}", byte);
  probe += ".probe";
  {
    BELLOWS_ASSIGN(File file, File::create(probe, private_file_mode));
    const Status written = file.write_all(std::as_bytes(std::span(number)));
    const Status synced = written.ok() ? file.sync() : written;
    ::unlink(probe.c_str());
    BELLOWS_TRY(synced);
  }
  return {};
}

Result<Path> key_path_of(const net::Ledger& ledger, const net::Label& session) {
  BELLOWS_ASSIGN(json note, note_of(ledger, session));
  return Path(note["key"].get<std::string>());
}

Result<json> certificate_of(const net::Ledger& ledger, const net::Label& session) {
  BELLOWS_ASSIGN(json note, note_of(ledger, session));
  return note["certificate"];
}

bool key_is_there(const net::Ledger& ledger, const net::Label& session) {
  auto key = key_path_of(ledger, session);
  std::error_code ignored;
  return key.ok() &&
         (std::filesystem::exists(sealed_path(*key, session), ignored) || std::filesystem::exists(*key, ignored));
}

Status seal_key(net::Ledger& ledger, const net::Label& session, const Path& key, const bits::BitString& bits,
                const json& certificate, const json& peer_certificate) {
  std::error_code ignored;
  if (std::filesystem::exists(key, ignored)) return bad_input("the key file exists", key);
  Path absolute = std::filesystem::absolute(key, ignored);
  // The account first: a sealed file that no entry names would lie about for ever.
  json note = {{"key", absolute.string()}, {"certificate", certificate}, {"peer_certificate", peer_certificate}};
  BELLOWS_TRY(ledger.put_session({session, net::SessionState::open, note.dump()}));
  BELLOWS_TRY(bits::write_bit_file(sealed_path(absolute, session), bits, bits::BitFileKind::secret, true));
  return ledger.put_session({session, net::SessionState::prepared, note.dump()});
}

Status note_peer_certificate(net::Ledger& ledger, const net::Label& session, const json& peer_certificate) {
  BELLOWS_ASSIGN(json note, note_of(ledger, session));
  note["peer_certificate"] = peer_certificate;
  return ledger.put_session({session, net::SessionState::prepared, note.dump()});
}

Status deliver_key(net::Ledger& ledger, const net::Label& session) {
  BELLOWS_ASSIGN(json note, note_of(ledger, session));
  Path key = note["key"].get<std::string>(), sealed = sealed_path(key, session);
  std::error_code ignored;
  if (std::filesystem::exists(sealed, ignored)) {
    auto write = [&](const char* which, const char* suffix) {
      return write_text_file(key.string() + suffix, note[which].dump(2) + "\n", public_file_mode, true);
    };
    BELLOWS_TRY(write("certificate", ".certificate.json"));
    if (!note["peer_certificate"].is_null()) BELLOWS_TRY(write("peer_certificate", ".peer.json"));
    if (::renameat2(AT_FDCWD, sealed.c_str(), AT_FDCWD, key.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) return bad_input("the key file exists; the key stays sealed", key);
      return system_error("cannot put the key in place; it stays sealed", key, errno);
    }
  } else if (!std::filesystem::exists(key, ignored)) {
    return bad_input("neither the sealed key nor the key is there", sealed);
  }
  BELLOWS_ASSIGN([[maybe_unused]] bool first, ledger.deliver_once(session));
  return {};
}

Status clear_remains(net::Ledger& ledger) {
  BELLOWS_ASSIGN(auto entries, ledger.sessions(net::SessionState::open));
  for (const auto& entry : entries)
    if (!entry.note.empty()) BELLOWS_TRY(drop_key(ledger, entry.id, "ended while the key was being sealed"));
  return {};
}

Status drop_key(net::Ledger& ledger, const net::Label& session, const std::string& why) {
  BELLOWS_ASSIGN(json note, note_of(ledger, session));
  const Path sealed = sealed_path(note["key"].get<std::string>(), session);
  std::error_code ignored;
  if (std::filesystem::exists(sealed, ignored)) {
    BELLOWS_ASSIGN(File file, File::open_for_update(sealed));
    BELLOWS_ASSIGN(auto size, file.size_bytes());
    BELLOWS_TRY(file.write_all_at(std::vector<std::byte>(size), 0));
    BELLOWS_TRY(file.sync());
    if (::unlink(sealed.c_str()) != 0)
      return system_error("cannot remove a sealed key that serves nobody", sealed, errno);
  }
  return ledger.put_session({session, net::SessionState::aborted, why});
}

}  // namespace bellows::protocol
