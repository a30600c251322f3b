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

Masks& Engine::masks(Machine& machine, const std::shared_ptr<const TokenTrie>& trie) {
  for (const auto& known : masks_) {
    if (&known->machine() == &machine && known->trie() == trie) return *known;
  }
  masks_.push_back(std::make_unique<Masks>(machine, texts, mutex, trie));
  return *masks_.back();
}

std::size_t Engine::memory_bytes() const {
  std::size_t bytes = regexes.memory_bytes() + formulas.size() * 120 + compose_machine_.memory_bytes();
  for (const auto& [options, machine] : json_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : substring_machines_) bytes += machine->memory_bytes();
  return bytes;
}

}  // namespace structgen
