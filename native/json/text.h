// JSON string literals: quoting and reading back. UTF-8 in, UTF-8 out.
#pragma once

#include <cstdint>

#include <string>
#include <string_view>

namespace structgen::json {

// The escaped form of the bytes, without quotes: only what JSON requires is escaped.
std::string escape(std::string_view text);
inline std::string quote(std::string_view text) { return "\"" + escape(text) + "\""; }
// The text behind a well-formed escaped form (no quotes).
std::string unescape(std::string_view escaped);
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace structgen::json
