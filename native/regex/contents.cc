// What the members of an expression are made of: bytes that all of them hold, and bytes that any of them can.
//
// A necessary condition for emptiness tests. The parts of a conjunction often look for each other in vain
// (a date after its `t` for the `T` of a pattern), which a search only finds out by going everywhere.
#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr std::uint32_t kFewWords = 16;

ByteSet every_byte() {
  ByteSet all;
  all.add(0, 255);
  return all;
}

}  // namespace

// Both answers are sound, not exact: `possible` is a superset, `required` a subset.
Engine::Contents Engine::contents(Regex r) {
  const auto known = [this](Regex of) -> std::optional<Contents> {
    const auto* found = contents_.find(of);
    if (found == nullptr) return std::nullopt;
    return Contents{sets_[*found >> 32], sets_[*found & 0xFFFFFFFFu]};
  };
  if (nodes_[r].kind != Kind::kConcat) {
    if (const auto found = known(r)) return *found;
    const Contents result = contents_of_part(r);
    contents_.emplace(r, std::uint64_t{byte_set(result.possible)} << 32 | byte_set(result.required));
    return result;
  }
  // A chain from its end, as its ends are what is left after reading.
  std::vector<Regex> chain;
  Regex rest = r;
  std::optional<Contents> found;
  for (; nodes_[rest].kind == Kind::kConcat; rest = nodes_[rest].b) {
    if ((found = known(rest))) break;
    chain.push_back(rest);
  }
  Contents result = found ? *found : contents(rest);
  for (; !chain.empty(); chain.pop_back()) {
    const Contents head = contents(nodes_[chain.back()].a);
    result = {result.possible | head.possible, result.required | head.required};
    contents_.emplace(chain.back(), std::uint64_t{byte_set(result.possible)} << 32 | byte_set(result.required));
  }
  return result;
}

Engine::Contents Engine::contents_of_part(Regex r) {
  const Node n = nodes_[r];
  Contents result;
  switch (n.kind) {
    case Kind::kNothing:
      result.required = every_byte();
      break;
    case Kind::kEpsilon:
      break;
    case Kind::kBytes:
      result.possible = sets_[n.a];
      if (result.possible.count() == 1) result.required = result.possible;
      break;
    case Kind::kLiteral:
      for (std::uint32_t i = 0; i < n.d; ++i) result.possible.add(reinterpret_cast<const std::uint8_t*>(&n.a)[i]);
      result.required = result.possible;
      break;
    case Kind::kWords:
      if (n.d - n.c > kFewWords) {
        result.possible = every_byte();
        break;
      }
      result.required = every_byte();
      for (std::uint32_t i = n.c; i < n.d; ++i) {
        ByteSet word;
        for (const char byte : arrays_[n.a].word(i).substr(n.b)) word.add(static_cast<std::uint8_t>(byte));
        result = {result.possible | word, result.required & word};
      }
      break;
    case Kind::kAlternate:
      result.required = every_byte();
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Contents member = contents(members(n)[i]);
        result = {result.possible | member.possible, result.required & member.required};
      }
      break;
    case Kind::kIntersect:
      result.possible = every_byte();
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Contents member = contents(members(n)[i]);
        result = {result.possible & member.possible, result.required | member.required};
      }
      break;
    case Kind::kRepeat: {
      const Contents body = contents(n.a);
      result.possible = body.possible;
      if (n.c > 0) result.required = body.required;
      break;
    }
    case Kind::kConcat:
    case Kind::kComplement:
    case Kind::kRecursive:
    case Kind::kPunycode:
      result.possible = every_byte();
      break;
  }
  return result;
}

// Whether some byte is needed that cannot be had; false says nothing.
bool Engine::needs_the_impossible(Regex r) {
  if (nodes_[r].kind != Kind::kIntersect || nullable(r)) return false;
  const Contents held = contents(r);
  return !held.required.without(held.possible).none();
}

}  // namespace structgen::regex
