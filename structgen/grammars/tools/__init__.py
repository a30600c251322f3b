"""Reasoning and tool calls: free text up to a tag, then a constraint; free text in which calls may stand.

tool.py says what a tool is, think.py and calls.py hold the grammars, and each format of calls has a file in
styles/.  Knows no tokens but the names of special ones, and no models.
"""

from __future__ import annotations

from .calls import ToolCalls, tool_calls
from .think import Think, think
from .tool import Tool, ToolCall, ToolReply

__all__ = ["Think", "Tool", "ToolCall", "ToolCalls", "ToolReply", "think", "tool_calls"]
