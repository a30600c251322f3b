// A fixed amount of work on masks, for counting instructions and for timing.
//
//   structgen_mask_workload NAME [VOCABULARY]
//
// Builds everything NAME needs, then calls measured() once; `valgrind --tool=callgrind
// --toggle-collect=measured` counts what that takes. Without a vocabulary (a file of tokens, each a 32-bit
// length and its bytes) the tokens are made up from a fixed seed. Prints the compiler and the microseconds.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mask/engine.h"
#include "mask/matcher.h"

using namespace structgen;
using json::Formula;

namespace {

std::vector<std::string> made_up_tokens() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (const char* piece : {"{\"", "\":", "\": ", "\": \"", "\",", "\", \"", "\"}", "[]", "{}", "},", "],", ", ", "\"]",
                            "true", "false", "null", "\\n", "\\\"", "10", "2024", "name\":", "é", "世界", "   "}) {
    tokens.emplace_back(piece);
  }
  std::uint64_t state = 1;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>((state >> 33) % below);
  };
  const std::string letters = "etaoinshrdlucmfwypvbgkqjxz";
  while (tokens.size() < 12'000) {
    std::string word = draw(2) ? " " : "";
    for (std::size_t left = 1 + draw(9); left > 0; --left) word += letters[std::min(draw(26), draw(26))];
    if (draw(8) == 0) word[word.size() - 1] = static_cast<char>(word.back() - 'a' + 'A');
    if (draw(40) == 0) word += "\"";
    if (draw(60) == 0) word += "é";
    tokens.push_back(word);
  }
  return tokens;
}

std::vector<std::string> tokens_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at + 4 <= data.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, data.data() + at, 4);
    tokens.push_back(data.substr(at + 4, length));
    at += 4 + length;
  }
  return tokens;
}

struct Bench {
  std::shared_ptr<Engine> engine = std::make_shared<Engine>();
  std::shared_ptr<const TokenTrie> trie;

  Matcher matcher(Machine& machine, Local start) {
    const auto width = static_cast<std::uint32_t>(trie->vocabulary_size());
    return Matcher(std::make_shared<Constraint>(
        Constraint{engine, &machine, start, trie, width, {}, &engine->masks(machine, trie), true}));
  }
  // A matcher of the formula after `prefix`, one byte a token.
  Matcher json(Formula f, const std::string& prefix) {
    json::JsonMachine& machine = engine->json_machine({.property_order = json::PropertyOrder::kAny});
    Matcher made = matcher(machine, machine.start(f));
    for (const char byte : prefix) made.advance(static_cast<std::uint8_t>(byte));
    return made;
  }
  Formula string(regex::Regex language) { return engine->formulas.string(language); }
  regex::Regex key(const char* text) { return engine->regexes.literal(text); }
  Formula object() {
    json::FormulaStore& formulas = engine->formulas;
    std::vector<Formula> parts{formulas.type(json::Type::kObject)};
    for (const char* name : {"name", "age", "email", "address", "city", "street"}) {
      parts.push_back(formulas.negate(formulas.members(
          key(name), formulas.negate(formulas.type(json::Type::kString)), 1)));
    }
    return formulas.all(parts);
  }
};

std::function<void()> work;

}  // namespace

extern "C" __attribute__((noinline)) void measured() { work(); }

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "";
  const std::vector<std::string> tokens = count > 2 ? tokens_of(arguments[2]) : made_up_tokens();
  const std::vector<std::string_view> views(tokens.begin(), tokens.end());
  Bench bench;
  bench.trie = std::make_shared<const TokenTrie>(TokenTrie::build(views));
  (void)bench.trie->plain_text();
  std::vector<std::uint32_t> row((tokens.size() + 31) / 32);
  regex::Store& regexes = bench.engine->regexes;
  const regex::Regex lower = regexes.repeat(regexes.code_points({{'a', 'z'}}), 0, regex::kUnbounded);
  std::vector<Matcher> matchers;
  const auto once = [&](Matcher matcher) {
    matchers.push_back(std::move(matcher));
    work = [&] { matchers[0].fill_mask(row); };
  };
  const auto often = [&](Matcher matcher) {
    matcher.fill_mask(row);
    matchers.push_back(std::move(matcher));
    work = [&] {
      for (int i = 0; i < 1000; ++i) matchers[0].fill_mask(row);
    };
  };
  const std::map<std::string, std::function<void()>> scenarios{
      {"walk anything",
       [&] { once(bench.matcher(bench.engine->regex_machine(), regex::kAnything)); }},
      {"walk letters", [&] { once(bench.matcher(bench.engine->regex_machine(), lower)); }},
      {"first free string", [&] { once(bench.json(bench.string(regex::kAnything), "\"")); }},
      {"first bounded string",
       [&] {
         const regex::Regex any = regexes.code_points({{0, 0x10FFFF}});
         once(bench.json(bench.string(regexes.repeat(any, 0, 10'000)), "\"abc"));
       }},
      {"first open key", [&] { once(bench.json(bench.object(), "{\"name\":\"x\",\"")); }},
      {"first value", [&] { once(bench.json(bench.object(), "{\"name\":")); }},
      {"known string, 1000 times", [&] { often(bench.json(bench.object(), "{\"name\":\"a")); }},
      {"known key, 1000 times", [&] { often(bench.json(bench.object(), "{\"")); }},
      {"advance, 1000 tokens",
       [&] {
         matchers.push_back(bench.json(bench.object(), "{\"name\":\""));
         work = [&] {
           for (std::uint32_t i = 0; i < 1000; ++i) matchers[0].advance('a' + i % 26);
         };
       }},
  };
  const auto scenario = scenarios.find(name);
  if (scenario == scenarios.end()) {
    for (const auto& [known, setup] : scenarios) std::printf("%s\n", known.c_str());
    return name.empty() ? 0 : 2;
  }
  scenario->second();
  const auto began = std::chrono::steady_clock::now();
  measured();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
#ifdef NDEBUG
  const char* kind = "release";
#else
  const char* kind = "checked";
#endif
  std::printf("%s, %s, %zu nodes, %.1f us\n", __VERSION__, kind, bench.trie->nodes().size(), took.count());
}
