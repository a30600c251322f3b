#include "mask/engine.h"

namespace structgen {

json::JsonMachine& Engine::json_machine(const json::Options& options) {
  for (auto& [known, machine] : json_machines_) {
    if (known == options) return *machine;
  }
  json_machines_.emplace_back(options, std::make_unique<json::JsonMachine>(formulas, options));
  return *json_machines_.back().second;
}

std::uint32_t Engine::add_start(cfg::Network network) {
  const std::uint32_t number = networks_.intern(network.signature());
  if (number < starts_.size()) return number;
  if (network.language() != cfg::kNone) {
    starts_.push_back({&regex_machine_, network.language()});
  } else {
    cfg_machines_.push_back(std::make_unique<cfg::CfgMachine>(regexes, std::move(network)));
    starts_.push_back({cfg_machines_.back().get(), cfg_machines_.back()->start()});
  }
  return number;
}

Masks& Engine::masks(Machine& machine, const std::shared_ptr<const TokenTrie>& trie) {
  for (const auto& known : masks_) {
    if (&known->machine() == &machine && known->trie() == trie) return *known;
  }
  masks_.push_back(std::make_unique<Masks>(machine, texts, mutex, trie));
  return *masks_.back();
}

std::size_t Engine::memory_bytes() const {
  std::size_t bytes = regexes.memory_bytes() + formulas.size() * 120;
  for (const auto& [options, machine] : json_machines_) bytes += machine->memory_bytes();
  for (const auto& machine : cfg_machines_) bytes += machine->memory_bytes();
  return bytes;
}

}  // namespace structgen
