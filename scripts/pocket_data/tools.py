"""Function calls: a few tools, a request for one of them, and the call as JSON.

The answer is ``{"name": …, "arguments": {…}}``.  This module knows nothing about
how a tool is run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pocket_data import values as v
from pocket_data import words as w
from pocket_data.answers import json_pieces, object_schema
from pocket_data.extraction import Example

_WORD = v.words_from(w.NOUNS)


@dataclass(frozen=True)
class Tool:
    """A tool: its names, what it does, its parameters, and requests that mention some of them."""

    names: tuple[str, ...]
    does: str
    parameters: tuple[tuple[str, v.Maker], ...]
    requests: tuple[str, ...]


# fmt: off
TOOLS = (
    Tool(("get_weather", "weather", "current_weather"), "Get the weather of a city", (("city", v.CITY), ("unit", v.enum("celsius", "fahrenheit"))),
         ("What is the weather in {city}?", "How warm is it in {city} in {unit}?", "Tell me the temperature in {city} in {unit}.", "Is it raining in {city}?", "weather {city}")),
    Tool(("send_email", "write_mail"), "Send an email", (("to", v.EMAIL), ("subject", v.TITLE)),
         ("Send an email to {to} about {subject}.", "Write to {to} with the subject {subject}.", "Mail {to}, subject: {subject}")),
    Tool(("create_event", "add_meeting", "schedule_meeting"), "Add an event to the calendar", (("title", v.TITLE), ("date", v.DATE), ("time", v.TIME)),
         ("Schedule {title} on {date} at {time}.", "Add {title} to my calendar for {date}.", "Put {title} in the calendar on {date} at {time}.", "I have {title} at {time} on {date}, please note it.")),
    Tool(("set_timer", "start_timer"), "Start a timer", (("minutes", v.integer(1, 180)),), ("Set a timer for {minutes} minutes.", "Wake me in {minutes} minutes.", "Timer: {minutes} min")),
    Tool(("search_products", "find_product", "search_shop"), "Search the shop", (("query", v.ITEM), ("max_price", v.integer(5, 900))),
         ("Find a {query} under {max_price} dollars.", "I am looking for a {query}.", "Show me a {query} for at most ${max_price}.", "Search for {query}")),
    Tool(("book_flight", "find_flight"), "Book a flight", (("origin", v.CITY), ("destination", v.CITY), ("date", v.DATE)),
         ("Book a flight from {origin} to {destination} on {date}.", "I want to fly from {origin} to {destination}.", "On {date} I need to get from {origin} to {destination}.", "Fly me to {destination} from {origin} on {date}.")),
    Tool(("call_contact", "phone_call"), "Call somebody", (("name", v.PERSON),), ("Call {name}.", "Please phone {name} now.", "I want to talk to {name}.")),
    Tool(("play_music", "play_song"), "Play music", (("song", v.TITLE), ("artist", v.PERSON)), ("Play {song} by {artist}.", "I want to hear {song}.", "Put on {song} by {artist}, please.")),
    Tool(("convert_currency", "exchange"), "Convert money", (("amount", v.integer(1, 5000)), ("source", v.enum("USD", "EUR", "GBP", "JPY")), ("target", v.enum("USD", "EUR", "GBP", "JPY"))),
         ("Convert {amount} {source} to {target}.", "How much is {amount} {source} in {target}?", "Change {amount} {source} into {target}.")),
    Tool(("create_user", "register_user", "add_user"), "Create a user", (("name", v.PERSON), ("email", v.EMAIL), ("age", v.integer(16, 99))),
         ("Create a user called {name} with the email {email}.", "Register {name}, {age} years old, {email}.", "Add {name} ({email}).", "Sign up {name}, age {age}.")),
    Tool(("delete_file", "remove_file"), "Delete a file", (("path", v.Maker(lambda d: v.Value(*([f"{d.pick(w.NOUNS)}/{w.made_up(d.rng, d.unseen)}.{d.pick(('txt', 'csv', 'json', 'log'))}"] * 2)))),),
         ("Delete {path}.", "Remove the file {path}.", "I do not need {path} any more.")),
    Tool(("translate", "translate_text"), "Translate a text", (("text", v.PHRASE), ("language", v.words_from(w.LANGUAGES))),
         ("Translate “{text}” into {language}.", "How do you say “{text}” in {language}?", "Put {text} into {language}.")),
    Tool(("turn_on", "switch_on", "control_light"), "Switch a device", (("device", v.words_from(w.ITEMS)), ("room", v.words_from(("kitchen", "office", "hall", "bedroom", "garden", "garage")))),
         ("Turn on the {device} in the {room}.", "Switch on the {device}.", "I need the {device} in the {room}.")),
    Tool(("track_order", "order_status"), "Find an order", (("order_id", v.CODE),), ("Where is my order {order_id}?", "Track {order_id}.", "What happened to order {order_id}?")),
    Tool(("add_note", "remember", "create_task"), "Write something down", (("text", v.PHRASE), ("priority", v.enum("low", "medium", "high"))),
         ("Note: {text}.", "Remind me to {text}, {priority} priority.", "Add a task: {text}. Priority {priority}.")),
    Tool(("add", "sum_numbers"), "Add two numbers", (("a", v.integer(0, 999)), ("b", v.integer(0, 999))), ("What is {a} plus {b}?", "Add {a} and {b}.", "{a} + {b}")),
    Tool(("set_temperature", "heat"), "Set the heating", (("degrees", v.integer(5, 30)), ("room", v.words_from(("kitchen", "office", "hall", "bedroom", "garage")))),
         ("Set the {room} to {degrees} degrees.", "Make it {degrees} degrees.", "Heat the {room} to {degrees}.")),
    Tool(("define_word", "lookup"), "Look a word up", (("word", _WORD),), ("What does {word} mean?", "Define {word}.", "Look up the word {word}.")),
)
# fmt: on


def _signature(tool: Tool, name: str) -> str:
    def kind(maker: v.Maker) -> str:
        return "|".join(maker.schema["enum"]) if "enum" in maker.schema else str(maker.schema["type"])

    return f"{name}({', '.join(f'{key}: {kind(maker)}' for key, maker in tool.parameters)})"


def _definition(tool: Tool, name: str) -> dict[str, Any]:
    parameters = object_schema(
        {key: dict(maker.schema) for key, maker in tool.parameters}, [tool.parameters[0][0]]
    )
    return {"name": name, "description": tool.does, "parameters": parameters}


def function_call(d: v.Draw) -> Example:
    """A request, up to three tools to choose from, and the right call."""
    tool = d.pick(TOOLS)
    offered = [*d.rng.sample([t for t in TOOLS if t is not tool], d.pick((0, 1, 1, 2))), tool]
    d.rng.shuffle(offered)
    names = {id(t): d.pick(t.names) for t in offered}
    request = str(d.pick(tool.requests))
    arguments: dict[str, Any] = {}
    for key, maker in tool.parameters:
        drawn = maker.draw(d)
        if f"{{{key}}}" in request:
            request = request.replace(f"{{{key}}}", drawn.text)
            arguments[key] = drawn.json
    value = {"name": names[id(tool)], "arguments": arguments}
    roll = d.rng.random()
    if roll < 0.5:
        shown = "\n".join(f"- {_signature(t, names[id(t)])}: {t.does}" for t in offered)
    elif roll < 0.75:
        shown = ", ".join(_signature(t, names[id(t)]) for t in offered)
    else:
        shown = "\n".join(json.dumps(_definition(t, names[id(t)])) for t in offered)
    lead = d.pick(("Tools:", "Functions:", "You can call:"))
    ask = d.pick(("User", "Request", "Question"))
    last = d.pick(("Call:", "Call:", "Function call:", "Tool call:", "JSON:"))
    prompt = f"{lead}\n{shown}\n{ask}: {request}\n{last}" + d.pick(("\n",) * 8 + (" ", ""))
    return Example("function call", prompt, json_pieces(value), value, keys_shown=True)
