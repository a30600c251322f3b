#include "mask/engine.h"

#include <system_error>
#include <thread>

namespace structgen {

namespace {

// Freed where the last constraint ends as long as that takes less than starting a thread is worth.
constexpr std::size_t kSmall = std::size_t{4} << 20;

struct Retire {
  void operator()(Engine* last) const noexcept {
    std::unique_ptr<Engine> engine(last);
    if (engine->memory_bytes() < kSmall) return;
    // Tries and resolvers may be Python's, and need its lock to be given up: they end here. What is left is
    // memory and nothing else, so the thread may be cut short by the end of the process, and is not missed
    // in a process forked off meanwhile.
    engine->let_go();
    try {
      std::thread([engine = std::move(engine)]() mutable { engine.reset(); }).detach();
    } catch (const std::system_error&) {  // no thread to be had: it was freed on the way here
    }
  }
};

}  // namespace

std::shared_ptr<Engine> Engine::make() { return {new Engine, Retire{}}; }

json::JsonMachine& Engine::json_machine(const json::Options& options) {
  for (auto& [known, machine] : json_machines_) {
    if (known == options) return *machine;
  }
  json_machines_.emplace_back(options, std::make_unique<json::JsonMachine>(formulas, options));
  return *json_machines_.back().second;
}

compose::SubstringMachine& Engine::substring_machine(const std::string& text) {
  for (const auto& known : substring_machines_) {
    if (known->text() == text) return *known;
  }
  substring_machines_.push_back(std::make_unique<compose::SubstringMachine>(text));
  return *substring_machines_.back();
}

std::uint32_t Engine::add_start(cfg::Network network) {
  const std::uint32_t number = networks_.intern(network.signature());
  if (number < starts_.size()) return number;
  if (network.language() != cfg::kNone) {
    starts_.push_back({&regex_machine_, network.language()});
  } else {
    cfg_machines_.push_back(std::make_unique<cfg::CfgMachine>(regexes, std::move(network), &regex_machine_));
    starts_.push_back({cfg_machines_.back().get(), cfg_machines_.back()->start()});
  }
  return number;
}

Masks& Engine::masks(Machine& machine, const std::shared_ptr<const TokenTrie>& trie) {
  for (const auto& known : masks_) {
    if (&known->machine() == &machine && known->trie() == trie) return *known;
  }
  Machine* const reader = machine.reader();
  Masks* const reading = reader ? &masks(*reader, trie) : nullptr;
  masks_.push_back(std::make_unique<Masks>(machine, texts, mutex, trie, reading));
  return *masks_.back();
}

void Engine::let_go() {
  masks_.clear();
  formulas.forget_references();
}

std::size_t Engine::memory_bytes() const {
  std::size_t bytes = regexes.memory_bytes() + formulas.size() * 120 + compose_machine_.memory_bytes();
  for (const auto& [options, machine] : json_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : substring_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : cfg_machines_) bytes += machine->memory_bytes();
  return bytes;
}

}  // namespace structgen
