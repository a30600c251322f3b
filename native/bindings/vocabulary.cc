// TokenTrie in Python: argument conversion only.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "vocabulary/rank_file.h"
#include "vocabulary/token_trie.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace structgen {
namespace {

using Offsets = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::string_view view(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }
std::span<const std::uint32_t> view(const Offsets& offsets) { return {offsets.data(), offsets.size()}; }
nb::bytes to_bytes(std::string_view text) { return nb::bytes(text.data(), text.size()); }

// What every string needs is made together with a large trie, rather than by the first mask.
void prepare(const TokenTrie& trie) {
  constexpr std::size_t kLarge = 20'000;
  if (trie.vocabulary_size() >= kLarge) (void)trie.plain_text();
}

std::shared_ptr<TokenTrie> build(const nb::bytes& text, const Offsets& offsets) {
  const std::string_view text_view = view(text);
  const std::span<const std::uint32_t> offsets_view = view(offsets);
  nb::gil_scoped_release release;
  auto trie = std::make_shared<TokenTrie>(TokenTrie::build(text_view, offsets_view));
  prepare(*trie);
  return trie;
}

std::shared_ptr<TokenTrie> load(const nb::bytes& saved, const nb::bytes& text, const Offsets& offsets) {
  const std::string_view saved_view = view(saved);
  const std::string_view text_view = view(text);
  const std::span<const std::uint32_t> offsets_view = view(offsets);
  nb::gil_scoped_release release;
  auto trie = TokenTrie::load(saved_view, text_view, offsets_view);
  if (!trie) return nullptr;
  prepare(*trie);
  return std::make_shared<TokenTrie>(std::move(*trie));
}

nb::bytes save(const TokenTrie& trie) {
  const std::vector<char> saved = trie.save();
  return nb::bytes(saved.data(), saved.size());
}

std::vector<std::uint32_t> ids_of(const TokenTrie& trie, const nb::bytes& bytes) {
  std::vector<std::uint32_t> ids;
  const std::uint32_t node = trie.find(view(bytes));
  for (std::uint32_t id = trie.nodes()[node].token; id != kNoToken; id = trie.next_same(id))
    ids.push_back(id);
  return ids;
}

std::pair<std::vector<std::uint32_t>, std::size_t> encode_greedy(const TokenTrie& trie,
                                                                 const nb::bytes& bytes) {
  std::string_view rest = view(bytes);
  std::vector<std::uint32_t> ids;
  while (!rest.empty()) {
    const std::uint32_t id = trie.longest_prefix(rest);
    if (id == kNoToken) break;
    ids.push_back(id);
    rest.remove_prefix(trie.token_bytes(id).size());
  }
  return {std::move(ids), bytes.size() - rest.size()};
}

nb::bytes single_bytes(const TokenTrie& trie) {
  std::vector<char> present;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (trie.single_bytes()[byte]) present.push_back(static_cast<char>(byte));
  }
  return nb::bytes(present.data(), present.size());
}

std::vector<std::tuple<std::uint32_t, std::uint32_t, int, int>> nodes(const TokenTrie& trie) {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, int, int>> result;
  result.reserve(trie.nodes().size());
  for (const TokenTrie::Node& node : trie.nodes()) {
    result.emplace_back(node.subtree_end, node.token, node.depth, node.byte);
  }
  return result;
}

std::optional<std::tuple<nb::bytes, std::vector<std::uint32_t>, std::size_t>> rank_entries(
    const nb::bytes& json, std::size_t start) {
  std::optional<RankEntries> entries;
  {
    const std::string_view json_view = view(json);
    nb::gil_scoped_release release;
    entries = read_rank_entries(json_view, start);
  }
  if (!entries) return std::nullopt;
  return std::tuple(to_bytes(entries->text), std::move(entries->offsets), entries->end);
}

}  // namespace

void bind_vocabulary(nb::module_& m) {
  m.def("read_rank_entries", &rank_entries, "json"_a, "start"_a,
        "The JSON array of {rank, token_bytes} from just behind its '[': the bytes of all ranks, their "
        "offsets, and where its ']' stands; None for any other shape.");
  nb::class_<TokenTrie>(m, "TokenTrie", "The bytes of every token as a trie in depth-first order; immutable.")
      .def_static("build", &build, "text"_a, "offsets"_a.noconvert(),
                  "The trie of text[offsets[i]:offsets[i + 1]]; an empty token is never text.")
      .def_static("load", &load, "saved"_a, "text"_a, "offsets"_a.noconvert(),
                  "What save() wrote for exactly this text, or None.")
      .def("save", &save, "The shape of the trie, without the text.")
      .def(
          "token_bytes",
          [](const TokenTrie& trie, std::uint32_t id) { return to_bytes(trie.token_bytes(id)); }, "id"_a,
          "The bytes of one id; empty for an id that is never text.")
      .def("ids_of", &ids_of, "bytes"_a, "Every id with exactly these bytes, ascending.")
      .def("encode_greedy", &encode_greedy, "bytes"_a,
           "Longest token first: the ids, and how many bytes they cover.")
      .def("single_bytes", &single_bytes, "The bytes that are tokens of their own, ascending.")
      .def("nodes", &nodes, "(subtree_end, token, depth, byte) of every node, in preorder.")
      .def_prop_ro("node_count", [](const TokenTrie& trie) { return trie.nodes().size(); })
      .def_prop_ro("vocabulary_size", &TokenTrie::vocabulary_size)
      .def_prop_ro("longest_token", &TokenTrie::longest_token)
      .def_prop_ro("memory_bytes", &TokenTrie::memory_bytes);
}

}  // namespace structgen
