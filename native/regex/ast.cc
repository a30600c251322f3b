#include "regex/ast.h"

#include <algorithm>

namespace structgen::regex {

AstId Ast::add(AstNode node) {
  std::uint32_t depth = 0;
  for (AstId child : node.children) {
    node.asserts = node.asserts || nodes[child].asserts;
    node.looks_back = node.looks_back || nodes[child].looks_back;
    depth = std::max(depth, nodes[child].depth + 1u);
  }
  if (depth > kMaxDepth) throw BudgetExceeded("regex nesting: " + std::to_string(kMaxDepth) + " levels");
  node.depth = static_cast<std::uint16_t>(depth);
  nodes.push_back(std::move(node));
  return static_cast<AstId>(nodes.size() - 1);
}

AstId Ast::text(std::string value) {
  texts.push_back(std::move(value));
  return add({.kind = AstKind::kText, .data = static_cast<std::uint32_t>(texts.size() - 1), .children = {}});
}

AstId Ast::set(Ranges value) {
  sets.push_back(std::move(value));
  return add({.kind = AstKind::kSet, .data = static_cast<std::uint32_t>(sets.size() - 1), .children = {}});
}

AstId Ast::concat(std::vector<AstId> parts) {
  if (parts.size() == 1) return parts[0];
  return add({.kind = AstKind::kConcat, .children = std::move(parts)});
}

AstId Ast::alternate(std::vector<AstId> parts) {
  if (parts.size() == 1) return parts[0];
  return add({.kind = AstKind::kAlternate, .children = std::move(parts)});
}

AstId Ast::repeat(AstId body, std::uint32_t min, std::uint32_t max) {
  return add({.kind = AstKind::kRepeat, .min = min, .max = max, .children = {body}});
}

AstId Ast::look(AstKind kind, AstId body, std::size_t position) {
  const bool behind = kind == AstKind::kBehind || kind == AstKind::kNotBehind;
  return add({.kind = kind,
              .asserts = true,
              .looks_back = behind,
              .data = static_cast<std::uint32_t>(position),
              .children = {body}});
}

Ranges normalize(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges merged;
  for (const CodePointRange& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

Ranges invert(const Ranges& ranges) {
  Ranges result;
  CodePoint next = 0;
  for (const auto& [low, high] : ranges) {
    if (low > next) result.emplace_back(next, low - 1);
    next = high + 1;
  }
  if (next <= 0x10FFFF) result.emplace_back(next, 0x10FFFF);
  return result;
}

Ranges intersect(const Ranges& x, const Ranges& y) {
  Ranges result;
  for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    const CodePoint low = std::max(x[i].first, y[j].first);
    const CodePoint high = std::min(x[i].second, y[j].second);
    if (low <= high) result.emplace_back(low, high);
    x[i].second < y[j].second ? ++i : ++j;
  }
  return result;
}

}  // namespace structgen::regex
