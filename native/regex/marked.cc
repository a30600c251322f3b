#include "regex/marked.h"

#include "regex/parse.h"

namespace structgen::regex {

namespace {

class Marker {
 public:
  Marker(const Ast& from, CodePoint mark) : from_(from), mark_(mark) {}

  AstId copy(AstId id, bool ahead) {
    const AstNode& n = from_[id];
    switch (n.kind) {
      case AstKind::kText: {
        const std::string& text = from_.texts[n.data];
        if (!ahead) return to.text(text);
        std::vector<AstId> parts;
        for (std::size_t at = 0; at < text.size();) {
          const CodePoint c = utf8_next(text, at);
          parts.push_back(skipping({{c, c}}));
        }
        return to.concat(std::move(parts));
      }
      case AstKind::kSet:
        return ahead ? skipping(from_.sets[n.data]) : to.set(from_.sets[n.data]);
      case AstKind::kConcat:
        return to.concat(children(n, ahead));
      case AstKind::kAlternate:
        return to.alternate(children(n, ahead));
      case AstKind::kRepeat:
        return to.repeat(copy(n.children[0], ahead), n.min, n.max);
      case AstKind::kAhead:
      case AstKind::kNotAhead:
        return to.look(n.kind, copy(n.children[0], true), n.data);
      case AstKind::kBehind:
      case AstKind::kNotBehind:
        if (ahead) {
          throw SyntaxError(n.data,
                            "a lookbehind, ^ or \\b inside a lookahead inside a lookbehind is not supported; "
                            "move it outside");
        }
        return to.look(n.kind, copy(n.children[0], false), n.data);
    }
    return to.concat({});
  }

  Ast to;

 private:
  std::vector<AstId> children(const AstNode& n, bool ahead) {
    std::vector<AstId> parts;
    parts.reserve(n.children.size());
    for (AstId child : n.children) parts.push_back(copy(child, ahead));
    return parts;
  }

  AstId skipping(const Ranges& set) {
    const AstId mark = to.repeat(to.set({{mark_, mark_}}), 0, 1);
    return to.concat({mark, to.set(intersect(set, invert({{mark_, mark_}})))});
  }

  const Ast& from_;
  CodePoint mark_;
};

}  // namespace

Ast marked(const Ast& ast, AstId body, CodePoint mark, AstId& root) {
  Marker marker(ast, mark);
  root = marker.copy(body, false);
  return std::move(marker.to);
}

}  // namespace structgen::regex
