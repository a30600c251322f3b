// The token trie against its plain definition: order, chains of equal tokens, saving, damage.
#include <map>
#include <random>
#include <set>
#include <string>

#include "check.h"
#include "vocabulary/sibling_trie.h"
#include "vocabulary/token_trie.h"

namespace {

using structgen::kNoToken;
using structgen::TokenTrie;

TokenTrie build(const std::vector<std::string>& tokens) {
  const std::vector<std::string_view> views(tokens.begin(), tokens.end());
  return TokenTrie::build(views);
}

struct Table {
  std::string text;
  std::vector<std::uint32_t> offsets{0};
};

Table table_of(const std::vector<std::string>& tokens) {
  Table table;
  for (const std::string& token : tokens) {
    table.text += token;
    table.offsets.push_back(static_cast<std::uint32_t>(table.text.size()));
  }
  return table;
}

// What every node spells, by walking the parents.
std::vector<std::string> spellings(const TokenTrie& trie) {
  std::vector<std::string> result;
  std::string path;
  for (const TokenTrie::Node& node : trie.nodes()) {
    if (node.depth > 0) {
      path.resize(node.depth - 1u);
      path.push_back(static_cast<char>(node.byte));
    }
    result.push_back(path);
  }
  return result;
}

std::vector<std::string> random_tokens(std::mt19937& random, std::size_t count) {
  std::vector<std::string> tokens(count);
  for (std::string& token : tokens) {
    token.resize(random() % 7);
    for (char& byte : token) byte = static_cast<char>("ab\x00\xff"[random() % 4]);
  }
  return tokens;
}

void check_is_the_trie_of(const TokenTrie& trie, const std::vector<std::string>& tokens) {
  std::set<std::string> prefixes{""};
  std::map<std::string, std::vector<std::uint32_t>> ids;
  for (std::uint32_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty()) continue;
    ids[tokens[id]].push_back(id);
    for (std::size_t n = 1; n <= tokens[id].size(); ++n) prefixes.insert(tokens[id].substr(0, n));
  }
  const std::vector<std::string> spelled = spellings(trie);
  // std::string compares as unsigned bytes, which is the order of a preorder walk.
  CHECK(spelled == std::vector<std::string>(prefixes.begin(), prefixes.end()));
  for (std::uint32_t i = 0; i < spelled.size(); ++i) {
    const TokenTrie::Node& node = trie.nodes()[i];
    std::uint32_t end = i + 1;
    while (end < spelled.size() && spelled[end].starts_with(spelled[i])) ++end;
    CHECK_EQ(node.subtree_end, end);
    CHECK_EQ(trie.find(spelled[i]), i);
    std::vector<std::uint32_t> chain;
    for (std::uint32_t id = node.token; id != kNoToken; id = trie.next_same(id)) chain.push_back(id);
    CHECK(chain == (ids.count(spelled[i]) ? ids[spelled[i]] : std::vector<std::uint32_t>{}));
  }
  for (std::uint32_t id = 0; id < tokens.size(); ++id) CHECK_EQ(trie.token_bytes(id), tokens[id]);
  // The other order of it: down from the root, each child once, under the same text.
  const std::vector<structgen::SiblingTrie::Node>& nodes = trie.siblings().nodes;
  CHECK_EQ(nodes.size(), spelled.size());
  std::vector<std::pair<std::uint32_t, std::string>> open{{0, ""}};
  std::size_t met = 0;
  while (!open.empty()) {
    const auto [at, text] = open.back();
    open.pop_back();
    ++met;
    CHECK_EQ(nodes[at].token, trie.nodes()[trie.find(text)].token);
    CHECK_EQ(std::size_t{nodes[at].depth}, text.size());
    for (std::uint32_t child = nodes[at].first; child < nodes[at].last(); ++child) {
      CHECK_EQ(nodes[child].first == nodes[child].last(), child < nodes[at].last_leaf());
      open.emplace_back(child, text + static_cast<char>(nodes[child].byte));
      CHECK(prefixes.contains(open.back().second));
    }
  }
  CHECK_EQ(met, spelled.size());
  for (int byte = 0; byte < 256; ++byte) {
    CHECK_EQ(trie.single_bytes()[static_cast<std::size_t>(byte)],
             ids.count(std::string(1, static_cast<char>(byte))) == 1);
  }
}

TEST(token_trie_of_nothing_is_a_root) {
  const TokenTrie trie = build({});
  CHECK_EQ(trie.nodes().size(), 1u);
  CHECK_EQ(trie.nodes()[0].subtree_end, 1u);
  CHECK_EQ(trie.longest_token(), 0u);
  CHECK_EQ(trie.token_bytes(7), std::string_view());
}

TEST(token_trie_keeps_order_and_duplicates) {
  const std::vector<std::string> tokens{"b", "", "ab", "a", "b", "abc", std::string("\0", 1), "b"};
  const TokenTrie trie = build(tokens);
  check_is_the_trie_of(trie, tokens);
  CHECK_EQ(trie.longest_token(), 3u);
  CHECK_EQ(trie.longest_prefix("abd"), 2u);
  CHECK_EQ(trie.longest_prefix("xyz"), kNoToken);
  CHECK_EQ(trie.find("abd"), 0u);
}

TEST(token_trie_of_random_vocabularies) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::vector<std::string> tokens = random_tokens(random, random() % 60);
    check_is_the_trie_of(build(tokens), tokens);
  }
}

TEST(token_trie_of_long_shared_prefixes) {
  std::vector<std::string> tokens;
  for (std::size_t n = 1; n <= 300; ++n) tokens.push_back(std::string(n, ' '));
  tokens.push_back(std::string(65535, 'x'));
  const TokenTrie trie = build(tokens);
  CHECK_EQ(trie.nodes().size(), 1u + 300u + 65535u);
  CHECK_EQ(trie.longest_token(), 65535u);
  CHECK_EQ(trie.longest_prefix(std::string(400, ' ')), 299u);
}

TEST(token_trie_refuses_what_it_cannot_hold) {
  int refused = 0;
  try {
    build({"a", std::string(65536, 'x')});
  } catch (const std::length_error&) {
    ++refused;
  }
  const std::vector<std::vector<std::uint32_t>> bad{{}, {1, 3}, {0, 2}, {0, 3, 2, 3}, {0, 4}};
  for (const auto& offsets : bad) {
    try {
      TokenTrie::build("abc", offsets);
    } catch (const std::invalid_argument&) {
      ++refused;
    }
  }
  CHECK_EQ(refused, 6);
}

TEST(token_trie_round_trips_and_notices_any_changed_byte) {
  std::mt19937 random(2);
  const std::vector<std::string> tokens = random_tokens(random, 40);
  const Table table = table_of(tokens);
  const TokenTrie trie = TokenTrie::build(table.text, table.offsets);
  const std::vector<char> saved = trie.save();
  const auto again = TokenTrie::load({saved.data(), saved.size()}, table.text, table.offsets);
  CHECK(again.has_value());
  if (again) check_is_the_trie_of(*again, tokens);

  for (std::size_t at = 0; at < saved.size(); ++at) {
    for (const char flip : {'\x01', '\x10', '\xff'}) {
      std::vector<char> damaged = saved;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      CHECK(!TokenTrie::load({damaged.data(), damaged.size()}, table.text, table.offsets).has_value());
    }
  }
  for (std::size_t length = 0; length < saved.size(); ++length) {
    CHECK(!TokenTrie::load({saved.data(), length}, table.text, table.offsets).has_value());
  }
  const Table foreign = table_of(random_tokens(random, 40));
  CHECK(!TokenTrie::load({saved.data(), saved.size()}, foreign.text, foreign.offsets).has_value());
}

}  // namespace
