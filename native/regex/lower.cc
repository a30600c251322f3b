#include "regex/lower.h"

#include <algorithm>
#include <map>
#include <memory>

#include "regex/contexts.h"
#include "regex/marked.h"
#include "regex/parse.h"

namespace structgen::regex {

namespace {

constexpr std::size_t kWordList = 4;  // literals in one alternation that are worth an array
constexpr std::uint64_t kLookaroundSteps = 500'000;

// Word for word; no lookarounds inside.
Regex plain(Engine& engine, const Ast& ast, AstId id) {
  const AstNode& n = ast[id];
  switch (n.kind) {
    case AstKind::kText:
      return engine.literal(ast.texts[n.data]);
    case AstKind::kSet:
      return engine.code_points(ast.sets[n.data]);
    case AstKind::kConcat: {
      std::vector<Regex> parts;
      parts.reserve(n.children.size());
      for (AstId child : n.children) parts.push_back(plain(engine, ast, child));
      return engine.concat(parts);
    }
    case AstKind::kAlternate: {
      std::vector<Regex> parts;
      std::vector<std::string> words;
      Ranges set;
      for (AstId child : n.children) {
        const AstNode& branch = ast[child];
        if (branch.kind == AstKind::kText) {
          words.push_back(ast.texts[branch.data]);
        } else if (branch.kind == AstKind::kSet) {
          const Ranges& more = ast.sets[branch.data];
          set.insert(set.end(), more.begin(), more.end());
        } else {
          parts.push_back(plain(engine, ast, child));
        }
      }
      if (words.size() >= kWordList) {
        parts.push_back(engine.words(std::move(words)));
      } else {
        for (const std::string& word : words) {
          std::size_t end = 0;
          const CodePoint first = utf8_next(word, end);
          if (end == word.size()) {
            set.emplace_back(first, first);
          } else {
            parts.push_back(engine.literal(word));
          }
        }
      }
      if (!set.empty()) parts.push_back(engine.code_points(std::move(set)));
      return engine.alternate(std::move(parts));
    }
    case AstKind::kRepeat:
      return engine.repeat(plain(engine, ast, n.children[0]), n.min, n.max);
    default:
      return kNothing;  // lookarounds do not come here
  }
}

using Follow = std::vector<Regex>;  // per context: what may follow

// What follows a piece, by whether the innermost loop iteration has read
// something yet. An iteration that reads nothing adds nothing, so loops go
// round only in `moved`; that also keeps names behind a code point.
struct Pair {
  Follow fresh;
  Follow moved;
};

class Lowering {
 public:
  // `level`: how many lookbehinds this is inside of.
  Lowering(Engine& engine, const Ast& ast, AstId root, Regex end, std::size_t level)
      : engine_(engine),
        ast_(ast),
        root_(root),
        end_(end),
        level_(level),
        budget_("regex lookaround", kLookaroundSteps) {
    std::vector<Contexts::Lookbehind> found;
    std::vector<Ranges> sets;
    std::vector<AstId> stack = {root};
    while (!stack.empty()) {
      const AstId id = stack.back();
      stack.pop_back();
      const AstNode& n = ast_[id];
      if (!n.asserts) continue;
      if (n.kind != AstKind::kBehind && n.kind != AstKind::kNotBehind) {
        stack.insert(stack.end(), n.children.begin(), n.children.end());
        continue;
      }
      const Contexts::Lookbehind one = prefixes(n.children[0], sets);
      auto at = std::find(found.begin(), found.end(), one);
      lookbehind_[id] = static_cast<std::size_t>(at - found.begin());
      if (at == found.end()) found.push_back(one);
    }
    contexts_ = std::make_unique<Contexts>(engine_, found, sets, mark(level));
  }

  // The texts with a match from their start (`search`: from anywhere) up to where `end` begins.
  Regex run(bool search) {
    const Follow end = constant(end_);
    Follow from = lower(root_, {end, end}).moved;
    if (!search) return from[0];
    // Contexts that are left again can be told apart only if what follows differs.
    std::vector<bool> later(size());
    for (std::size_t c = 0; c < size(); ++c) {
      for (std::size_t k = 0; k < contexts_->classes(); ++k) later[contexts_->next(c, k)] = true;
    }
    Regex same = kNothing;
    bool differ = false;
    bool first = true;
    for (std::size_t c = 0; c < size(); ++c) {
      if (!later[c]) continue;
      differ = differ || (!first && from[c] != same);
      same = from[c];
      first = false;
    }
    if (!differ) {
      if (from[0] == same) return engine_.concat(kAnything, same);
      const Regex some = engine_.repeat(engine_.code_points({{0, 0x10FFFF}}), 1, kUnbounded);
      return engine_.alternate({from[0], engine_.concat(some, same)});
    }
    const auto any = [this](const Pair& next) { return character({{0, 0x10FFFF}}, next); };
    return loop(any, {from, from}, false).moved[0];
  }

  std::size_t marks() const { return marks_; }  // levels whose mark was used

 private:
  std::size_t size() const { return contexts_->size(); }
  Follow constant(Regex r) const { return Follow(size(), r); }
  static bool same(const Follow& x) {
    return std::all_of(x.begin(), x.end(), [&](Regex r) { return r == x[0]; });
  }

  // Σ*·body, and into `sets` what it is made of; behind it a mark and the rest where the body looks ahead.
  Contexts::Lookbehind prefixes(AstId body, std::vector<Ranges>& sets) {
    const bool looks_ahead = contains_ahead(body);
    if (looks_ahead) {
      if (level_ + 1 >= kMarks) throw BudgetExceeded("regex lookbehinds inside each other: 31");
      const Ranges own = {{mark(level_), mark(level_)}};
      AstId root = 0;
      const Ast tree = marked(ast_, body, mark(level_), root);
      add_sets(tree, root, sets);
      sets.push_back(own);
      const Regex end = engine_.concat(engine_.code_points(own), kAnything);
      Lowering inner(engine_, tree, root, end, level_ + 1);
      marks_ = std::max({marks_, level_ + 1, inner.marks_});
      return {inner.run(true), true};
    }
    add_sets(ast_, body, sets);
    if (ast_[body].asserts) return {Lowering(engine_, ast_, body, kEpsilon, level_ + 1).run(true), false};
    return {engine_.concat(kAnything, plain(engine_, ast_, body)), false};
  }

  bool contains_ahead(AstId body) const {
    std::vector<AstId> stack = {body};
    while (!stack.empty()) {
      const AstNode& n = ast_[stack.back()];
      stack.pop_back();
      if (n.kind == AstKind::kAhead || n.kind == AstKind::kNotAhead) return true;
      stack.insert(stack.end(), n.children.begin(), n.children.end());
    }
    return false;
  }

  static void add_sets(const Ast& ast, AstId body, std::vector<Ranges>& sets) {
    std::vector<AstId> stack = {body};
    while (!stack.empty()) {
      const AstNode& n = ast[stack.back()];
      stack.pop_back();
      if (n.kind == AstKind::kSet) sets.push_back(ast.sets[n.data]);
      if (n.kind == AstKind::kText) {
        const std::string& text = ast.texts[n.data];
        for (std::size_t at = 0; at < text.size();) {
          const CodePoint c = utf8_next(text, at);
          sets.push_back({{c, c}});
        }
      }
      stack.insert(stack.end(), n.children.begin(), n.children.end());
    }
  }

  Follow either(const Follow& x, const Follow& y) {
    Follow result(size());
    for (std::size_t c = 0; c < size(); ++c) result[c] = engine_.alternate({x[c], y[c]});
    return result;
  }

  // One code point of the set, then whatever its context allows.
  Pair character(const Ranges& set, const Pair& next) {
    Follow result(size());
    for (std::size_t c = 0; c < size(); ++c) {
      std::map<Regex, Ranges> by_follow;
      for (std::size_t k = 0; k < contexts_->classes(); ++k) {
        const Regex follow = next.moved[contexts_->next(c, k)];
        if (follow == kNothing) continue;
        const Ranges both = intersect(set, contexts_->class_ranges(k));
        Ranges& ranges = by_follow[follow];
        ranges.insert(ranges.end(), both.begin(), both.end());
      }
      std::vector<Regex> parts;
      for (auto& [follow, ranges] : by_follow) {
        parts.push_back(engine_.concat(engine_.code_points(std::move(ranges)), follow));
      }
      result[c] = engine_.alternate(std::move(parts));
    }
    return {result, result};
  }

  // body* then next: a name per context, or one for all where the text before does not matter.
  template <typename Body>
  Pair loop(const Body& body, const Pair& next, bool looks_back) {
    const std::size_t distinct = !looks_back && same(next.moved) ? 1 : size();
    Follow names = constant(kNothing);
    for (std::size_t c = 0; c < size(); ++c) {
      names[c] = c < distinct ? engine_.declare(engine_.nullable(next.moved[c])) : names[0];
    }
    const Follow again = body(Pair{constant(kNothing), names}).fresh;
    for (std::size_t c = 0; c < distinct; ++c)
      engine_.define(names[c], engine_.alternate({next.moved[c], again[c]}));
    return {either(next.fresh, again), names};
  }

  Pair lower(AstId id, const Pair& next) {
    const AstNode& n = ast_[id];
    budget_.spend(size());
    if (!n.asserts && same(next.moved)) {
      const Regex self = plain(engine_, ast_, id);
      const Regex moved = engine_.concat(self, next.moved[0]);
      if (!engine_.nullable(self) || next.fresh == next.moved) return {constant(moved), constant(moved)};
      const Regex some = engine_.concat(engine_.without_epsilon(self), next.moved[0]);
      return {either(next.fresh, constant(some)), constant(moved)};
    }
    switch (n.kind) {
      case AstKind::kText: {
        const std::string& text = ast_.texts[n.data];
        std::vector<CodePoint> points;
        for (std::size_t at = 0; at < text.size();) points.push_back(utf8_next(text, at));
        budget_.spend(points.size() * size());
        Pair result = next;
        for (auto point = points.rbegin(); point != points.rend(); ++point) {
          result = character({{*point, *point}}, result);
        }
        return result;
      }
      case AstKind::kSet:
        return character(ast_.sets[n.data], next);
      case AstKind::kConcat: {
        Pair result = next;
        for (auto child = n.children.rbegin(); child != n.children.rend(); ++child)
          result = lower(*child, result);
        return result;
      }
      case AstKind::kAlternate: {
        std::vector<std::vector<Regex>> fresh(size());
        std::vector<std::vector<Regex>> moved(size());
        for (AstId child : n.children) {
          const Pair one = lower(child, next);
          for (std::size_t c = 0; c < size(); ++c) {
            fresh[c].push_back(one.fresh[c]);
            moved[c].push_back(one.moved[c]);
          }
        }
        Pair result{Follow(size()), Follow(size())};
        for (std::size_t c = 0; c < size(); ++c) {
          result.fresh[c] = engine_.alternate(std::move(fresh[c]));
          result.moved[c] = engine_.alternate(std::move(moved[c]));
        }
        return result;
      }
      case AstKind::kRepeat:
        return repeat(n, next);
      case AstKind::kAhead:
      case AstKind::kNotAhead: {
        const Follow rest = constant(kAnything);
        Follow condition = lower(n.children[0], {rest, rest}).moved;
        Pair result{Follow(size()), Follow(size())};
        for (std::size_t c = 0; c < size(); ++c) {
          if (n.kind == AstKind::kNotAhead) condition[c] = engine_.complement(condition[c]);
          result.fresh[c] = engine_.intersect({condition[c], next.fresh[c]});
          result.moved[c] = engine_.intersect({condition[c], next.moved[c]});
        }
        return result;
      }
      case AstKind::kBehind:
      case AstKind::kNotBehind: {
        Pair result = next;
        const std::size_t lookbehind = lookbehind_.at(id);
        for (std::size_t c = 0; c < size(); ++c) {
          Regex rest = contexts_->rest(c, lookbehind);
          if (n.kind == AstKind::kNotBehind) rest = engine_.complement(rest);
          result.fresh[c] = engine_.intersect({rest, result.fresh[c]});
          result.moved[c] = engine_.intersect({rest, result.moved[c]});
        }
        return result;
      }
    }
    return next;
  }

  Pair repeat(const AstNode& n, const Pair& next) {
    const AstId body = n.children[0];
    Pair result = next;
    if (n.max == kUnbounded) {
      result = loop([&](const Pair& again) { return lower(body, again); }, next, n.looks_back);
    } else {
      for (std::uint32_t i = n.min; i < n.max; ++i) {
        const Follow more = lower(body, {constant(kNothing), result.moved}).fresh;
        Pair longer{either(next.fresh, more), either(next.moved, more)};
        if (longer.fresh == result.fresh && longer.moved == result.moved) break;
        result = std::move(longer);
      }
    }
    for (std::uint32_t i = 0; i < n.min; ++i) {
      Pair longer = lower(body, result);
      if (longer.fresh == result.fresh && longer.moved == result.moved) break;
      result = std::move(longer);
    }
    return result;
  }

  Engine& engine_;
  const Ast& ast_;
  AstId root_;
  Regex end_;
  std::size_t level_;
  Budget budget_;
  std::map<AstId, std::size_t> lookbehind_;
  std::size_t marks_ = 0;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace

Regex lower(Engine& engine, const Ast& ast, AstId root, bool search, bool& without_mark) {
  without_mark = false;
  if (ast[root].asserts) {
    Lowering lowering(engine, ast, root, search ? kAnything : kEpsilon, 0);
    const Regex result = lowering.run(search);
    if (lowering.marks() == 0) return result;
    without_mark = true;
    Ranges marks;
    for (std::size_t level = 0; level < lowering.marks(); ++level)
      marks.emplace_back(mark(level), mark(level));
    const Regex unmarked = engine.code_points(invert(normalize(marks)));
    return engine.intersect({result, engine.repeat(unmarked, 0, kUnbounded)});
  }
  const Regex body = plain(engine, ast, root);
  return search ? engine.concat({kAnything, body, kAnything}) : body;
}

}  // namespace structgen::regex
