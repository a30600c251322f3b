// A number formula as a set of numbers.
//
// Bounds and equalities cut the number line into pieces on each of which they are constant. What
// is left there is a formula over the other literals (integer, multiple of, spelling), nearly always
// true or false. Pieces of n children are merged pairwise, as in merge sort, so an enumeration of
// 100,000 numbers or exactly one of 200 intervals costs n log n. Only what is left on a piece is
// multiplied out into cells.
#include <algorithm>
#include <unordered_map>

#include "budget.h"
#include "json/formula.h"

namespace structgen::json {

namespace {

// What is left on a piece may have this many cells in disjunctive normal form.
constexpr std::size_t kMaxCells = 4096;

using Cells = std::vector<NumberCell>;

// cell ∧ other in place; false when the bounds or the integrality contradict each other.
bool narrow(NumberCell& cell, const NumberCell& other) {
  using Integrality = NumberCell::Integrality;
  if (other.low && (!cell.low || other.low->value > cell.low->value ||
                    (other.low->value == cell.low->value && other.low->open))) {
    cell.low = other.low;
  }
  if (other.high && (!cell.high || other.high->value < cell.high->value ||
                     (other.high->value == cell.high->value && other.high->open))) {
    cell.high = other.high;
  }
  if (other.integrality != Integrality::kEither) {
    if (cell.integrality != Integrality::kEither && cell.integrality != other.integrality) return false;
    cell.integrality = other.integrality;
  }
  if (other.spelling != NumberCell::Spelling::kEither) {
    if (cell.spelling != NumberCell::Spelling::kEither && cell.spelling != other.spelling) return false;
    cell.spelling = other.spelling;
  }
  auto append = [](std::vector<Decimal>& to, const std::vector<Decimal>& from) {
    for (const Decimal& value : from) {
      if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
    }
  };
  append(cell.multiple_of, other.multiple_of);
  append(cell.not_multiple_of, other.not_multiple_of);
  append(cell.not_equal, other.not_equal);
  if (!cell.low || !cell.high) return true;
  if (cell.low->value > cell.high->value) return false;
  return cell.low->value < cell.high->value || (!cell.low->open && !cell.high->open);
}

// Disjunctive normal form by recursion on the formula; `positive` is false under a negation.
class CellBuilder {
 public:
  explicit CellBuilder(const FormulaStore& store) : store_(store) {}

  Cells build(Formula f, bool positive) {
    const Node& node = store_[f];
    switch (node.kind) {
      case Kind::kConstant:
      case Kind::kDeclare:
        return (node.detail != 0) == positive ? Cells{NumberCell{}} : Cells{};
      case Kind::kNot:
        return build(node.a, !positive);
      case Kind::kAll:
      case Kind::kAny:
        return (node.kind == Kind::kAll) == positive ? meet(node.children, positive)
                                                     : join(node.children, positive);
      case Kind::kExactlyOne:
        return exactly_one(node.children, positive);
      default:
        return literal(node.a, positive);
    }
  }

 private:
  Cells literal(std::uint32_t index, bool positive) {
    NumberCell cell;
    cell.add(store_.number_literal(index), positive);
    return {cell};
  }

  Cells join(List children, bool positive) {
    Cells cells;
    for (Formula child : children) append(cells, build(child, positive));
    return cells;
  }

  Cells meet(List children, bool positive) {
    Cells cells{NumberCell{}};
    for (Formula child : children) cells = product(cells, build(child, positive));
    return cells;
  }

  // Pairs (none so far, one so far); the negation adds (two or more so far).
  Cells exactly_one(List children, bool positive) {
    Cells none{NumberCell{}}, one, more;
    for (Formula child : children) {
      const Cells in = build(child, true);
      const Cells out = build(child, false);
      if (!positive) append(more, product(one, in));
      one = product(one, out);
      append(one, product(none, in));
      none = product(none, out);
    }
    if (positive) return one;
    append(more, none);
    return more;
  }

  Cells product(const Cells& left, const Cells& right) {
    Cells cells;
    for (const NumberCell& a : left) {
      for (const NumberCell& b : right) {
        NumberCell cell = a;
        if (narrow(cell, b)) cells.push_back(std::move(cell));
        check(cells);
      }
    }
    return cells;
  }

  static void append(Cells& to, Cells from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    check(to);
  }

  static void check(const Cells& cells) {
    if (cells.size() > kMaxCells) throw BudgetExceeded("number constraints: 4096 alternatives");
  }

  const FormulaStore& store_;
};

// --- Pieces -------------------------------------------------------------------

// A place on the number line: just before a value, or just after it.
struct Cut {
  const Decimal* value;
  bool after;
  std::strong_ordering operator<=>(const Cut& other) const {
    const auto order = *value <=> *other.value;
    return order != 0 ? order : after <=> other.after;
  }
  bool operator==(const Cut& other) const { return after == other.after && *value == *other.value; }
};

// A formula by place: `first` from minus infinity on, then each formula from its cut on.
struct Pieces {
  Formula first = kTrue;
  std::vector<std::pair<Cut, Formula>> rest;

  void add(const Cut& cut, Formula f) {
    if (f != (rest.empty() ? first : rest.back().second)) rest.emplace_back(cut, f);
  }
};

// Calls `each` with both formulas wherever one of them changes.
template <class Each>
void side_by_side(const Pieces& left, const Pieces& right, Each each) {
  Formula a = left.first, b = right.first;
  for (std::size_t i = 0, j = 0; i < left.rest.size() || j < right.rest.size();) {
    const bool from_left = j == right.rest.size() || (i < left.rest.size() && left.rest[i].first <= right.rest[j].first);
    const bool from_right = i == left.rest.size() || (j < right.rest.size() && right.rest[j].first <= left.rest[i].first);
    const Cut cut = from_left ? left.rest[i].first : right.rest[j].first;
    if (from_left) a = left.rest[i++].second;
    if (from_right) b = right.rest[j++].second;
    each(cut, a, b);
  }
}

class PieceBuilder {
 public:
  explicit PieceBuilder(FormulaStore& store) : store_(store) {}

  Pieces build(Formula f) {
    const Node& node = store_[f];
    switch (node.kind) {
      case Kind::kNumber:
        return literal(f);
      case Kind::kNot:
        return map(build(node.a), [this](Formula inner) { return store_.negate(inner); });
      case Kind::kAll:
        return fold(node.children, [this](Formula a, Formula b) { return both(a, b); });
      case Kind::kAny:
        return fold(node.children, [this](Formula a, Formula b) { return either(a, b); });
      case Kind::kExactlyOne:
        return counted(node.children).one;
      case Kind::kDeclare:
        return {node.detail ? kTrue : kFalse, {}};
      default:
        return {f, {}};
    }
  }

 private:
  // How many children hold: none, one, or more (where neither is true).
  struct Count {
    Pieces none, one;
  };

  Pieces literal(Formula f) const {
    const NumberLiteral& literal = store_.number_literal(store_[f].a);
    switch (literal.kind) {
      case NumberLiteral::Kind::kAtLeast:
        return {kFalse, {{{&literal.value, false}, kTrue}}};
      case NumberLiteral::Kind::kMoreThan:
        return {kFalse, {{{&literal.value, true}, kTrue}}};
      case NumberLiteral::Kind::kEquals:
        return {kFalse, {{{&literal.value, false}, kTrue}, {{&literal.value, true}, kFalse}}};
      default:
        return {f, {}};
    }
  }

  Formula both(Formula a, Formula b) {
    if (a == kFalse || b == kFalse) return kFalse;
    return a == kTrue ? b : b == kTrue || a == b ? a : store_.all({a, b});
  }
  Formula either(Formula a, Formula b) {
    if (a == kTrue || b == kTrue) return kTrue;
    return a == kFalse ? b : b == kFalse || a == b ? a : store_.any({a, b});
  }

  template <class Function>
  Pieces map(Pieces pieces, Function function) {
    Pieces result{function(pieces.first), {}};
    for (const auto& [cut, f] : pieces.rest) result.add(cut, function(f));
    return result;
  }

  template <class Join>
  Pieces merge(const Pieces& left, const Pieces& right, Join join) {
    Pieces result{join(left.first, right.first), {}};
    result.rest.reserve(left.rest.size() + right.rest.size());
    side_by_side(left, right, [&](const Cut& cut, Formula a, Formula b) { result.add(cut, join(a, b)); });
    return result;
  }

  template <class Join>
  Pieces fold(std::span<const Formula> children, Join join) {
    if (children.size() == 1) return build(children[0]);
    const std::size_t half = children.size() / 2;
    return merge(fold(children.first(half), join), fold(children.subspan(half), join), join);
  }

  Count counted(std::span<const Formula> children) {
    if (children.size() == 1) {
      Pieces one = build(children[0]);
      return {map(one, [this](Formula f) { return store_.negate(f); }), std::move(one)};
    }
    const std::size_t half = children.size() / 2;
    const Count left = counted(children.first(half)), right = counted(children.subspan(half));
    const auto conjunction = [this](Formula a, Formula b) { return both(a, b); };
    const auto disjunction = [this](Formula a, Formula b) { return either(a, b); };
    return {merge(left.none, right.none, conjunction),
            merge(merge(left.one, right.none, conjunction), merge(left.none, right.one, conjunction), disjunction)};
  }

  FormulaStore& store_;
};

// The cells of a sequence of pieces. A single value left out of a piece is an exception to it
// (not_equal) rather than its end.
class CellList {
 public:
  explicit CellList(const FormulaStore& store) : store_(store) {}

  Cells of(const Pieces& pieces) {
    const auto& cuts = pieces.rest;
    open(nullptr, pieces.first);
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      const auto& [cut, f] = cuts[i];
      const bool hole = f == kFalse && i + 1 < cuts.size() && !cut.after && cuts[i + 1].first.after &&
                        *cut.value == *cuts[i + 1].first.value && cuts[i + 1].second == current_;
      if (hole && current_ != kFalse) {
        left_out_.push_back(*cut.value);
        ++i;
        continue;
      }
      close(&cut);
      open(&cut, f);
    }
    close(nullptr);
    return std::move(cells_);
  }

 private:
  void open(const Cut* start, Formula f) {
    start_ = start;
    current_ = f;
    left_out_.clear();
  }

  void close(const Cut* end) {
    if (current_ == kFalse) return;
    auto [known, added] = normal_forms_.try_emplace(current_);
    if (added) known->second = CellBuilder(store_).build(current_, true);
    for (NumberCell cell : known->second) {
      if (start_) cell.low = NumberCell::Bound{*start_->value, start_->after};
      if (end) cell.high = NumberCell::Bound{*end->value, !end->after};
      cell.not_equal = left_out_;
      cells_.push_back(std::move(cell));
    }
  }

  const FormulaStore& store_;
  Cells cells_;
  const Cut* start_ = nullptr;
  Formula current_ = kFalse;
  std::vector<Decimal> left_out_;
  std::unordered_map<Formula, Cells> normal_forms_;
};

}  // namespace

const NumberSet& FormulaStore::to_numbers(Formula f) {
  if (auto known = numbers_of_.find(f); known != numbers_of_.end()) return known->second;
  const Pieces pieces = PieceBuilder(*this).build(f);
  return numbers_of_.emplace(f, CellList(*this).of(pieces)).first->second;
}

}  // namespace structgen::json
