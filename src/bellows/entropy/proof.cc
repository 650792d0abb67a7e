#include "bellows/entropy/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bellows/numeric/exact.h"

namespace bellows::entropy {
namespace {

constexpr std::string_view magic_line = "bellows entropy proof 1";
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t longest_line_bytes = 4096;
constexpr std::size_t longest_number_bytes = 200;
constexpr int largest_scale_bits = 48;
constexpr std::size_t most_classes = 12;

const char* entropy_name(EntropyOf entropy) {
  switch (entropy) {
    case EntropyOf::both_outcomes: return "both-outcomes";
    case EntropyOf::first_outcome: return "first-outcome";
    case EntropyOf::first_outcome_at_x0: return "first-outcome-at-x0";
  }
  return "";
}
const char* polytope_name(SettingPolytope polytope) { return polytope == SettingPolytope::box ? "box" : "santha-vazirani"; }

std::string domain_name(const AngleDomain& domain) {
  if (!domain.ordered && !domain.quarter) return "full";
  if (!domain.quarter) return "ordered";
  return domain.ordered ? "quarter-ordered" : "quarter";
}

void append_varint(std::string& out, std::int64_t value) {
  std::uint64_t zigzag = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (zigzag >= 0x80) {
    out.push_back(static_cast<char>((zigzag & 0x7f) | 0x80));
    zigzag >>= 7;
  }
  out.push_back(static_cast<char>(zigzag));
}

std::string header_text(const EntropyProof& proof) {
  const Statement& s = proof.statement;
  std::string text = fmt::format("{}\nentropy {}\nsettings {}\nmu {}\n", magic_line, entropy_name(s.entropy), polytope_name(s.polytope), s.mu.get_str());
  if (s.score.is_win()) {
    text += "score win\n";
  } else {
    text += "score weights";
    for (const auto& row : s.score.weight)
      for (const auto& weight : row) text += " " + weight.get_str();
    text += "\n";
  }
  text += fmt::format("slope {}\nintercept {}\nscale-bits {}\n", s.slope.get_str(), s.intercept.get_str(), proof.scale_bits);
  for (const ClassProof& part : proof.classes) {
    text += "class";
    for (const auto& p : part.setting.probability) text += " " + p.get_str();
    text += fmt::format(" {} nodes {} leaves {}\n", domain_name(part.setting.domain), part.tree.nodes.size(), part.tree.matrices.size());
  }
  return text + "cells\n";
}

// Reads the header line by line and the cells byte by byte, always knowing where it is.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Error wrong(std::string what, std::string expected = {}, std::string got = {}) const {
    return bad_input("entropy proof: " + std::move(what), name_, at_, std::move(expected), std::move(got));
  }

  // The words of the next line; the first must be the key.
  Result<std::vector<std::string_view>> line(std::string_view key) {
    const std::size_t end = bytes_.substr(at_, longest_line_bytes).find('\n');
    if (end == std::string_view::npos) return wrong("the header is cut short or a line is too long", std::string(key));
    std::string_view rest = bytes_.substr(at_, end);
    std::vector<std::string_view> words;
    while (true) {
      const std::size_t space = rest.find(' ');
      words.push_back(rest.substr(0, space));
      if (words.back().empty()) return wrong("an empty word in the header", std::string(key));
      if (space == std::string_view::npos) break;
      rest.remove_prefix(space + 1);
    }
    if (words[0] != key) return wrong("unexpected line in the header", std::string(key), std::string(words[0].substr(0, 40)));
    at_ += end + 1;
    return words;
  }

  bool next_line_is(std::string_view key) const {
    return bytes_.substr(at_, key.size()) == key && at_ + key.size() < bytes_.size() && (bytes_[at_ + key.size()] == ' ' || bytes_[at_ + key.size()] == '\n');
  }

  // A number in lowest terms, written the one way that we write it.
  Result<mpq_class> rational(std::string_view text) const {
    const Result<numeric::Exact> value = numeric::Exact::parse(text.substr(0, longest_number_bytes));
    if (!value.ok() || value->value().get_str() != text) return wrong("a number that is not an exact fraction in lowest terms", {}, std::string(text.substr(0, 40)));
    return value->value();
  }

  Result<std::uint64_t> count(std::string_view text) const {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || fmt::format("{}", value) != text)
      return wrong("a count that is not a number", {}, std::string(text.substr(0, 40)));
    return value;
  }

  Result<std::uint8_t> byte() {
    if (at_ >= bytes_.size()) return wrong("the cells are cut short");
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }

  Result<std::int64_t> varint() {
    std::uint64_t zigzag = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      BELLOWS_ASSIGN(const std::uint8_t b, byte());
      zigzag |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) {
        if (b == 0 && shift > 0) return wrong("a matrix entry with needless bytes");
        return static_cast<std::int64_t>(zigzag >> 1) ^ -static_cast<std::int64_t>(zigzag & 1);
      }
    }
    return wrong("a matrix entry that is too long");
  }

  std::size_t left() const { return bytes_.size() - at_; }

 private:
  std::string_view bytes_;
  const std::string& name_;
  std::size_t at_ = 0;
};

Result<Statement> read_statement(Reader& in) {
  Statement s;
  {
    BELLOWS_ASSIGN(const auto words, in.line("bellows"));
    if (words.size() != 4 || words[1] != "entropy" || words[2] != "proof") return in.wrong("not an entropy proof");
    if (words[3] != "1") return in.wrong("another version of the format", "1", std::string(words[3].substr(0, 20)));
  }
  BELLOWS_ASSIGN(const auto entropy, in.line("entropy"));
  bool known = false;
  for (const EntropyOf one : {EntropyOf::both_outcomes, EntropyOf::first_outcome, EntropyOf::first_outcome_at_x0}) {
    if (entropy.size() != 2 || entropy[1] != entropy_name(one)) continue;
    s.entropy = one;
    known = true;
  }
  if (!known) return in.wrong("unknown entropy", "both-outcomes, first-outcome or first-outcome-at-x0");

  BELLOWS_ASSIGN(const auto settings, in.line("settings"));
  if (settings.size() == 2 && settings[1] == "santha-vazirani")
    s.polytope = SettingPolytope::santha_vazirani;
  else if (settings.size() == 2 && settings[1] == "box")
    s.polytope = SettingPolytope::box;
  else
    return in.wrong("unknown setting polytope", "santha-vazirani or box");

  BELLOWS_ASSIGN(const auto mu, in.line("mu"));
  if (mu.size() != 2) return in.wrong("mu is one number");
  BELLOWS_ASSIGN(s.mu, in.rational(mu[1]));

  BELLOWS_ASSIGN(const auto score, in.line("score"));
  if (score.size() == 2 && score[1] == "win") {
    s.score = TrialScore::win();
  } else if (score.size() == 18 && score[1] == "weights") {
    for (int xy = 0; xy < 4; ++xy)
      for (int ab = 0; ab < 4; ++ab) {
        BELLOWS_ASSIGN(s.score.weight[xy][ab], in.rational(score[2 + 4 * xy + ab]));
      }
    if (s.score.is_win()) return in.wrong("the win score is written 'score win'");
  } else {
    return in.wrong("unknown score", "win, or weights and 16 numbers");
  }
  BELLOWS_ASSIGN(const auto slope, in.line("slope"));
  if (slope.size() != 2) return in.wrong("the slope is one number");
  BELLOWS_ASSIGN(s.slope, in.rational(slope[1]));
  BELLOWS_ASSIGN(const auto intercept, in.line("intercept"));
  if (intercept.size() != 2) return in.wrong("the intercept is one number");
  BELLOWS_ASSIGN(s.intercept, in.rational(intercept[1]));
  if (const std::string why = objection(s); !why.empty()) return in.wrong(why);
  return s;
}

// How often each angle is halved must stay within bounds all the way down.
Status check_depth(const Reader& in, const CellTree& tree, const AngleDomain& domain) {
  struct Depth {
    int alpha, beta;
  };
  const int root = domain.quarter ? 1 : 0;
  std::vector<Depth> open{{root, root}};
  for (const Node node : tree.nodes) {
    Depth depth = open.back();
    open.pop_back();
    if (node == Node::split_alpha) ++depth.alpha;
    if (node == Node::split_beta) ++depth.beta;
    if (depth.alpha > max_cell_depth || depth.beta > max_cell_depth) return in.wrong("a tree that is too deep");
    if (node == Node::split_alpha || node == Node::split_beta) open.insert(open.end(), 2, depth);
  }
  return {};
}

Result<CellTree> read_tree(Reader& in, std::uint64_t node_count, std::uint64_t leaf_count, const AngleDomain& domain) {
  // Every node takes a byte and every leaf ten more, so a foreign count cannot make us allocate more than the file's own size.
  if (node_count > in.left() || leaf_count > in.left() / 10) return in.wrong("more cells promised than the file can hold");
  CellTree tree;
  tree.nodes.reserve(node_count);
  tree.matrices.reserve(leaf_count);
  std::uint64_t open = 1;
  while (open > 0) {
    BELLOWS_ASSIGN(const std::uint8_t b, in.byte());
    if (b > 3) return in.wrong("a node that is neither leaf nor split", "0 to 3", fmt::format("{}", b));
    const Node node{b};
    tree.nodes.push_back(node);
    if (node == Node::split_alpha || node == Node::split_beta) {
      ++open;
      continue;
    }
    --open;
    if (node != Node::leaf) continue;
    ReferenceMatrix matrix;
    for (auto& entry : matrix) {
      BELLOWS_ASSIGN(entry, in.varint());
    }
    tree.matrices.push_back(matrix);
  }
  if (tree.nodes.size() != node_count || tree.matrices.size() != leaf_count)
    return in.wrong("the tree does not have the size that the header states", fmt::format("{} nodes, {} leaves", node_count, leaf_count),
                    fmt::format("{} nodes, {} leaves", tree.nodes.size(), tree.matrices.size()));
  BELLOWS_TRY(check_depth(in, tree, domain));
  return tree;
}

}  // namespace

std::uint64_t EntropyProof::cell_count() const {
  std::uint64_t count = 0;
  for (const auto& part : classes) count += part.tree.matrices.size();
  return count;
}

std::string serialise_proof(const EntropyProof& proof) {
  std::string out = header_text(proof);
  for (const ClassProof& part : proof.classes) {
    std::size_t next_matrix = 0;
    for (const Node node : part.tree.nodes) {
      out.push_back(static_cast<char>(node));
      if (node == Node::leaf)
        for (const auto entry : part.tree.matrices[next_matrix++]) append_varint(out, entry);
    }
  }
  const Digest digest = sha256(out);
  out.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  return out;
}

Result<Digest> proof_digest(std::string_view bytes) {
  if (bytes.size() < digest_bytes) return bad_input("entropy proof: too short to hold a digest");
  Digest digest;
  const std::string_view last = bytes.substr(bytes.size() - digest_bytes);
  std::copy(last.begin(), last.end(), digest.bytes.begin());
  return digest;
}

bool ends_with_own_digest(std::string_view bytes) {
  const auto stated = proof_digest(bytes);
  return stated.ok() && sha256(bytes.substr(0, bytes.size() - digest_bytes)) == *stated;
}

Result<Statement> parse_proof_statement(std::string_view bytes, const std::string& name) {
  Reader in(bytes, name);
  return read_statement(in);
}

Result<EntropyProof> parse_proof(std::string_view bytes, const std::string& name) {
  if (bytes.substr(0, 8) != magic_line.substr(0, 8)) return bad_input("entropy proof: not an entropy proof", name, 0, std::string(magic_line));
  BELLOWS_ASSIGN(const Digest stated, proof_digest(bytes));
  const std::string_view body = bytes.substr(0, bytes.size() - digest_bytes);
  if (const Digest computed = sha256(body); computed != stated)
    return bad_input("entropy proof: the digest at the end does not fit the file (changed, cut short, or trailing data)", name, body.size(), computed.hex(), stated.hex());

  Reader in(body, name);
  EntropyProof proof;
  BELLOWS_ASSIGN(proof.statement, read_statement(in));
  BELLOWS_ASSIGN(const auto scale, in.line("scale-bits"));
  if (scale.size() != 2) return in.wrong("scale-bits is one number");
  BELLOWS_ASSIGN(const std::uint64_t scale_bits, in.count(scale[1]));
  if (scale_bits > largest_scale_bits) return in.wrong("scale-bits is too large");
  proof.scale_bits = static_cast<int>(scale_bits);

  struct Size {
    std::uint64_t nodes, leaves;
  };
  std::vector<Size> sizes;
  while (in.next_line_is("class")) {
    BELLOWS_ASSIGN(const auto words, in.line("class"));
    if (words.size() != 10 || words[6] != "nodes" || words[8] != "leaves" || sizes.size() == most_classes) return in.wrong("a class line that cannot be read");
    ClassProof part;
    for (int xy = 0; xy < 4; ++xy) {
      BELLOWS_ASSIGN(part.setting.probability[xy], in.rational(words[1 + xy]));
    }
    part.setting.domain = {words[5] == "ordered" || words[5] == "quarter-ordered", words[5] == "quarter" || words[5] == "quarter-ordered"};
    if (domain_name(part.setting.domain) != words[5]) return in.wrong("unknown domain of angles");
    BELLOWS_ASSIGN(const std::uint64_t nodes, in.count(words[7]));
    BELLOWS_ASSIGN(const std::uint64_t leaves, in.count(words[9]));
    sizes.push_back({nodes, leaves});
    proof.classes.push_back(std::move(part));
  }
  BELLOWS_ASSIGN(const auto cells, in.line("cells"));
  if (cells.size() != 1) return in.wrong("the line 'cells' stands alone");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    BELLOWS_ASSIGN(proof.classes[i].tree, read_tree(in, sizes[i].nodes, sizes[i].leaves, proof.classes[i].setting.domain));
  }
  if (in.left() != 0) return in.wrong("trailing data after the last cell");
  return proof;
}

std::string decimal_rounded_down(const mpq_class& value, int digits) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(digits));
  mpz_class scaled;
  const mpz_class product = value.get_num() * power;
  mpz_fdiv_q(scaled.get_mpz_t(), product.get_mpz_t(), value.get_den_mpz_t());
  const bool negative = scaled < 0;
  std::string text = mpz_class(abs(scaled)).get_str();
  if (text.size() <= static_cast<std::size_t>(digits)) text.insert(0, static_cast<std::size_t>(digits) + 1 - text.size(), '0');
  if (digits > 0) text.insert(text.size() - static_cast<std::size_t>(digits), ".");
  return negative ? "-" + text : text;
}

}  // namespace bellows::entropy
