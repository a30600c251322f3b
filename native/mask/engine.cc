#include "mask/engine.h"

namespace structgen {

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

std::size_t Engine::memory_bytes() const {
  std::size_t bytes = regexes.memory_bytes() + formulas.size() * 120 + compose_machine_.memory_bytes();
  for (const auto& [options, machine] : json_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : substring_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : cfg_machines_) bytes += machine->memory_bytes();
  for (const auto& masks : masks_) bytes += masks->memory_bytes();
  return bytes;
}

}  // namespace structgen
