// `_native.Constraint` and `_native.Matcher`: masks for Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>

#include "bindings/bindings.h"
#include "bindings/guard.h"
#include "bindings/store.h"
#include "mask/fill_all.h"
#include "mask/matcher.h"
#include "mask/take_all.h"

namespace nb = nanobind;

namespace structgen::bindings {

namespace {

using Rows = nb::ndarray<nb::device::cpu, nb::c_contig>;

// Row `row` of that many.
std::span<std::uint32_t> row_of(std::uint32_t* data, std::size_t rows, std::size_t width, std::size_t row,
                                std::size_t words) {
  if (row >= rows) throw nb::index_error("fill_mask: the array has fewer rows");
  if (width < words) {
    throw nb::value_error(("fill_mask: rows need " + std::to_string(words) + " words, these have " +
                           std::to_string(width)).c_str());
  }
  std::fill(data + row * width + words, data + (row + 1) * width, 0u);
  return {data + row * width, words};
}

// Row `row` of a one- or two-dimensional array of 32-bit words.
std::span<std::uint32_t> row_of(const Rows& out, std::size_t row, std::size_t words) {
  const auto code = static_cast<nb::dlpack::dtype_code>(out.dtype().code);
  const bool integers = code == nb::dlpack::dtype_code::Int || code == nb::dlpack::dtype_code::UInt;
  if (!integers || out.itemsize() != 4 || out.ndim() < 1 || out.ndim() > 2) {
    throw nb::value_error("fill_mask: expected a contiguous array of 32-bit integers with one or two dimensions");
  }
  const std::size_t rows = out.ndim() == 2 ? out.shape(0) : 1;
  return row_of(static_cast<std::uint32_t*>(out.data()), rows, out.shape(out.ndim() - 1), row, words);
}

// The same array by Python's own protocol, which numpy answers several times faster than DLPack. Without a
// view for whatever is not what row_of() takes.
class BufferView {
 public:
  explicit BufferView(nb::handle out) {
    constexpr int kFlags = PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT;
    held_ = PyObject_CheckBuffer(out.ptr()) && PyObject_GetBuffer(out.ptr(), &buffer_, kFlags) == 0;
    if (!held_) PyErr_Clear();
  }
  ~BufferView() {
    if (held_) PyBuffer_Release(&buffer_);
  }
  BufferView(const BufferView&) = delete;
  BufferView& operator=(const BufferView&) = delete;

  bool fits() const {
    return held_ && buffer_.itemsize == 4 && (buffer_.ndim == 1 || buffer_.ndim == 2) && buffer_.format &&
           std::strchr("iIlL", buffer_.format[0]) && buffer_.format[1] == '\0';
  }
  std::span<std::uint32_t> row(std::size_t row, std::size_t words) const {
    const std::size_t rows = buffer_.ndim == 2 ? static_cast<std::size_t>(buffer_.shape[0]) : 1;
    const auto width = static_cast<std::size_t>(buffer_.shape[buffer_.ndim - 1]);
    return row_of(static_cast<std::uint32_t*>(buffer_.buf), rows, width, row, words);
  }

 private:
  Py_buffer buffer_{};
  bool held_ = false;
};

constexpr int kTooLong = 3;  // beside the verdicts

// Where masks are written: an array or tensor of Python's, held as long as this lives.
class MaskRows {
 public:
  explicit MaskRows(nb::handle out) : view_(out) {
    // Never converted: the mask would be written into a copy and lost.
    if (!view_.fits() && !nb::try_cast(out, rows_, false)) {
      throw nb::type_error("fill_mask: expected a writable, contiguous array of 32-bit integers on the CPU");
    }
  }
  std::span<std::uint32_t> row(std::size_t row, std::size_t words) const {
    return view_.fits() ? view_.row(row, words) : row_of(rows_, row, words);
  }

 private:
  BufferView view_;
  Rows rows_;
};

// Any integer as a token id; what no id can be becomes one that no vocabulary has.
std::uint32_t token_of(nb::handle token) {
  const nb::object held = nb::steal(PyLong_CheckExact(token.ptr()) ? nullptr : PyNumber_Index(token.ptr()));
  if (!PyLong_CheckExact(token.ptr()) && !held.is_valid()) throw nb::python_error();
  int overflow = 0;
  const long long id = PyLong_AsLongLongAndOverflow(held.is_valid() ? held.ptr() : token.ptr(), &overflow);
  return overflow != 0 || id < 0 || id >= kNoToken ? kNoToken : static_cast<std::uint32_t>(id);
}

// A matcher with the constraint it belongs to, as Python holds it. What it has read changes only with the
// GIL held, and what runs without the GIL works on a copy: two threads on one matcher get an order of
// events they did not choose, and nothing worse.
struct BoundMatcher {
  std::shared_ptr<Constraint> constraint;
  Matcher matcher;

  EngineGuard guard(bool long_call) { return EngineGuard(*constraint->engine, long_call); }
};

std::shared_ptr<Constraint> make_constraint(const Store& store, Machine& machine, Local start,
                                            std::shared_ptr<TokenTrie> trie, std::uint32_t width,
                                            std::vector<std::uint32_t> end_tokens) {
  std::sort(end_tokens.begin(), end_tokens.end());
  const auto& single = trie->single_bytes();
  const bool covers = std::all_of(single.begin(), single.end(), [](bool present) { return present; });
  std::shared_ptr<const TokenTrie> shared = std::move(trie);
  Masks& masks = store.engine->masks(machine, shared);
  return std::make_shared<Constraint>(
      Constraint{store.engine, &machine, start, shared, width, std::move(end_tokens), &masks, covers});
}

}  // namespace

void bind_matcher(nb::module_& m) {
  nb::class_<Constraint>(m, "Constraint")
      .def_static(
          "from_formula",
          [](Store& store, json::Formula formula, const std::string& property_order,
             const std::string& whitespace, const std::string& numbers, const std::string& escapes,
             const std::string& words, std::shared_ptr<TokenTrie> trie, std::uint32_t width, std::vector<std::uint32_t> end_tokens)
              -> std::shared_ptr<Constraint> {
            const EngineGuard guard(*store.engine, true);
            json::JsonMachine& machine =
                store.engine->json_machine(make_options(property_order, whitespace, numbers, escapes, words));
            machine.refill();
            const Local start = machine.start(formula);
            if (start == kDead) return nullptr;
            auto made = make_constraint(store, machine, start, std::move(trie), width, std::move(end_tokens));
            made->steps = machine.solver().work();
            return made;
          },
          nb::arg("store"), nb::arg("formula"), nb::arg("property_order"), nb::arg("whitespace"),
          nb::arg("numbers"), nb::arg("escapes"), nb::arg("words"), nb::arg("trie"), nb::arg("width"),
          nb::arg("end_tokens"), "None when the formula has no value.")
      .def_static(
          "from_regex",
          [](Store& store, regex::Regex language, std::shared_ptr<TokenTrie> trie, std::uint32_t width,
             std::vector<std::uint32_t> end_tokens) -> std::shared_ptr<Constraint> {
            const EngineGuard guard(*store.engine, true);
            if (store.engine->regexes.empty(language)) return nullptr;
            return make_constraint(store, store.engine->regex_machine(), language, std::move(trie), width,
                                   std::move(end_tokens));
          },
          nb::arg("store"), nb::arg("language"), nb::arg("trie"), nb::arg("width"), nb::arg("end_tokens"),
          "None when the language is empty.")
      .def_static(
          "from_composition",
          [](Store& store, compose::Expression expression, std::shared_ptr<TokenTrie> trie, std::uint32_t width,
             std::vector<std::uint32_t> end_tokens) -> std::shared_ptr<Constraint> {
            const EngineGuard guard(*store.engine, true);
            compose::ComposeMachine& machine = store.engine->compose_machine();
            if (expression == compose::kNothing) return nullptr;
            return make_constraint(store, machine, machine.start(expression), std::move(trie), width,
                                   std::move(end_tokens));
          },
          nb::arg("store"), nb::arg("expression"), nb::arg("trie"), nb::arg("width"), nb::arg("end_tokens"),
          "Of a CompositionStore; None when it has no text.")
      .def_static(
          "from_rules",
          [](Store& store, std::uint32_t start, std::shared_ptr<TokenTrie> trie, std::uint32_t width,
             std::vector<std::uint32_t> end_tokens) {
            const EngineGuard guard(*store.engine, true);
            const Engine::Start from = store.engine->start(start);
            return make_constraint(store, *from.machine, from.local, std::move(trie), width, std::move(end_tokens));
          },
          nb::arg("store"), nb::arg("start"), nb::arg("trie"), nb::arg("width"), nb::arg("end_tokens"),
          "`start` is what Rules.build returned.")
      .def("matcher",
           [](std::shared_ptr<Constraint> self) {
             const EngineGuard guard(*self->engine);
             return BoundMatcher{self, Matcher(self)};
           })
      .def_prop_ro("steps", [](Constraint& self) { return self.steps; },
                   "Steps of the search that found a first completion.")
      .def_prop_ro("engine_bytes", [](Constraint& self) {
        const EngineGuard guard(*self.engine);
        return self.engine->memory_bytes();
      });

  m.def("mask_cache_info", [] {
    const MaskCache::Figures figures = MaskCache::process()->figures();
    nb::dict info;
    info["entries"] = figures.entries;
    info["bytes"] = figures.bytes;
    info["limit"] = figures.limit;
    info["hits"] = figures.hits;
    info["misses"] = figures.misses;
    return info;
  });
  m.def("set_mask_cache_limit", [](std::size_t bytes) { MaskCache::process()->set_limit(bytes); }, nb::arg("bytes"));
  m.def("clear_masks", [] { MaskCache::process()->clear(); });

  nb::class_<BoundMatcher>(m, "Matcher")
      .def("advance",
           [](BoundMatcher& self, nb::handle token) {
             const std::uint32_t id = token_of(token);
             const auto guard = self.guard(false);
             return static_cast<int>(self.matcher.advance(id));
           },
           nb::arg("token"), nb::sig("def advance(self, token: typing.SupportsIndex) -> int"),
           "0: accepted, 1: rejected, 2: already terminated.")
      .def("try_advance",
           [](BoundMatcher& self, const std::vector<std::uint32_t>& tokens) {
             Matcher ahead = self.matcher;
             std::size_t accepted = 0;
             {
               const auto guard = self.guard(true);
               accepted = ahead.try_advance(tokens);
             }
             self.matcher = std::move(ahead);
             return accepted;
           },
           nb::arg("tokens"))
      .def("advance_within",
           [](BoundMatcher& self, nb::handle token, std::size_t tokens) {
             const std::uint32_t id = token_of(token);
             Matcher ahead = self.matcher;
             {
               const auto guard = self.guard(true);
               const Matcher::Verdict verdict = ahead.advance(id);
               if (verdict != Matcher::Verdict::kAccepted) return static_cast<int>(verdict);
               if (!ahead.completes_within(tokens)) return kTooLong;
             }
             self.matcher = std::move(ahead);
             return 0;
           },
           nb::arg("token"), nb::arg("tokens"),
           nb::sig("def advance_within(self, token: typing.SupportsIndex, tokens: int) -> int"),
           "As advance; 3, and nothing done, where what is left does not complete within so many tokens.")
      .def("rollback",
           [](BoundMatcher& self, std::size_t steps) {
             const auto guard = self.guard(false);
             return self.matcher.rollback(steps);
           },
           nb::arg("steps"))
      .def("fork", [](BoundMatcher& self) { return BoundMatcher(self); })
      .def("reset",
           [](BoundMatcher& self) {
             const auto guard = self.guard(false);
             self.matcher.reset();
           })
      .def_prop_ro("length", [](BoundMatcher& self) { return self.matcher.length(); })
      .def_prop_ro("mask_words", [](BoundMatcher& self) { return self.matcher.mask_words(); })
      .def("fill_mask",
           [](BoundMatcher& self, nb::handle out, std::size_t row) {
             const MaskRows target(out);
             const std::span<std::uint32_t> words = target.row(row, self.matcher.mask_words());
             Matcher now = self.matcher;
             const nb::gil_scoped_release without_gil;
             now.fill_mask(words);
           },
           nb::arg("out"), nb::arg("row") = 0,
           nb::sig("def fill_mask(self, out: Annotated[NDArray, dict(order='C', device='cpu')], row: int = 0) -> None"))
      .def("mask_by_trying",
           [](BoundMatcher& self) {
             std::vector<std::uint32_t> words(self.matcher.mask_words());
             Matcher now = self.matcher;
             {
               const auto guard = self.guard(true);
               now.mask_by_trying(words);
             }
             return nb::bytes(words.data(), words.size() * sizeof(std::uint32_t));
           },
           "The words of the mask by its definition, every token read byte by byte: for tests, thousands of times slower.")
      .def_prop_ro("can_stop",
                   [](BoundMatcher& self) {
                     const auto guard = self.guard(false);
                     return self.matcher.can_stop();
                   })
      .def_prop_ro("is_terminated", [](BoundMatcher& self) { return self.matcher.is_terminated(); })
      .def("forced_tokens",
           [](BoundMatcher& self) {
             const auto guard = self.guard(true);
             return self.matcher.forced_tokens();
           })
      .def("outlook",
           [](BoundMatcher& self) {
             Matcher now = self.matcher;
             bool ended = false, can_stop = false;
             std::vector<std::uint32_t> forced;
             {
               const auto guard = self.guard(true);
               ended = now.is_terminated(), can_stop = now.can_stop();
               if (!ended && !can_stop) forced = now.forced_tokens();
             }
             return std::make_tuple(ended, can_stop, std::move(forced));
           },
           "Whether it has ended, whether it can stop, and where neither, the tokens that must come next.")
      .def("completion",
           [](BoundMatcher& self) {
             const auto guard = self.guard(true);
             return self.matcher.completion();
           },
           "Tokens of a short completion.")
      .def("completes_within",
           [](BoundMatcher& self, std::size_t tokens) {
             const auto guard = self.guard(true);
             return self.matcher.completes_within(tokens);
           },
           nb::arg("tokens"))
      .def("completion_bytes", [](BoundMatcher& self) {
        std::string text;
        {
          const auto guard = self.guard(true);
          text = self.matcher.completion_bytes();
        }
        return nb::bytes(text.data(), text.size());
      });

  m.def(
      "take_tokens",
      [](const nb::list& matchers, const nb::list& tokens, const nb::list& tokens_left) {
        if (tokens.size() != matchers.size() || tokens_left.size() != matchers.size()) {
          throw nb::value_error("take_tokens: one token and one number for each matcher");
        }
        std::vector<BoundMatcher*> held;
        std::vector<Matcher> ahead;
        std::vector<Offer> offers;
        held.reserve(matchers.size()), ahead.reserve(matchers.size()), offers.reserve(matchers.size());
        for (std::size_t row = 0; row < matchers.size(); ++row) {
          held.push_back(&nb::cast<BoundMatcher&>(matchers[row]));
          ahead.push_back(held.back()->matcher);
          offers.push_back({token_of(tokens[row]), nb::cast<std::size_t>(tokens_left[row])});
        }
        std::vector<Taken> outcomes(matchers.size());
        {
          const nb::gil_scoped_release without_gil;
          take_all(ahead, offers, outcomes);
        }
        nb::list found;
        for (std::size_t row = 0; row < held.size(); ++row) {
          if (outcomes[row] != Taken::kNot) held[row]->matcher = std::move(ahead[row]);
          found.append(static_cast<int>(outcomes[row]));
        }
        return found;
      },
      nb::arg("matchers"), nb::arg("tokens"), nb::arg("tokens_left"),
      nb::sig("def take_tokens(matchers: list[Matcher], tokens: list[int], tokens_left: list[int]) -> list[int]"),
      "advance_within for each, without the GIL. 0: taken, cannot stop, nothing is forced; 1: taken; 2: not taken.");

  m.def(
      "fill_masks",
      [](const nb::list& matchers, nb::handle out, std::size_t threads) {
        const MaskRows target(out);
        std::vector<Matcher> now;
        std::vector<std::span<std::uint32_t>> rows;
        now.reserve(matchers.size());
        rows.reserve(matchers.size());
        for (nb::handle held : matchers) {
          now.push_back(nb::cast<BoundMatcher&>(held).matcher);
          rows.push_back(target.row(rows.size(), now.back().mask_words()));
        }
        std::vector<Matcher*> each;
        for (Matcher& matcher : now) each.push_back(&matcher);
        const nb::gil_scoped_release without_gil;
        fill_all(each, rows, threads);
      },
      nb::arg("matchers"), nb::arg("out"), nb::arg("threads"),
      nb::sig("def fill_masks(matchers: list[Matcher], out: Annotated[NDArray, dict(order='C', device='cpu')], "
              "threads: int) -> None"),
      "One row for each as it is now, without the GIL.");
}

}  // namespace structgen::bindings
