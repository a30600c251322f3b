"""Grammars with texts of their languages, for benchmarks/grammars.py: the shared ones, and two written here.

The texts of JSON grammars are instances of the shared development file; the others are written here or
derived from the grammar.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass

from dev_file import DEFAULT

SQL = r"""
start: select ";"?
select: "SELECT" "DISTINCT"? columns "FROM" table join* where? group? order? limit?
columns: "*" | column ("," column)*
column: expression ("AS" NAME)?
table: NAME ("AS" NAME)? | "(" select ")" "AS" NAME
join: ("LEFT" | "INNER")? "JOIN" table "ON" condition
where: "WHERE" condition
group: "GROUP" "BY" expression ("," expression)* ("HAVING" condition)?
order: "ORDER" "BY" expression ("ASC" | "DESC")? ("," expression ("ASC" | "DESC")?)*
limit: "LIMIT" INTEGER
condition: comparison (("AND" | "OR") comparison)*
comparison: "NOT"? expression (OPERATOR expression | "IS" "NOT"? "NULL" | "IN" "(" values ")")
          | "(" condition ")" | "EXISTS" "(" select ")"
values: select | expression ("," expression)*
expression: term (SIGN term)*
term: NAME ("." NAME)? | NAME "(" ("*" | expression ("," expression)*)? ")" | INTEGER | DECIMAL | STRING
    | "(" expression ")"
OPERATOR: "=" | "<>" | "<=" | ">=" | "<" | ">" | "LIKE"
SIGN: "+" | "-" | "*" | "/" | "||"
NAME: /[a-z_][a-z0-9_]*/
INTEGER: /[0-9]+/
DECIMAL: /[0-9]+\.[0-9]+/
STRING: /'([^'\n]|'')*'/
%ignore /[ \t\n]+/
"""
SQL_TEXTS = [
    "SELECT * FROM users WHERE age >= 21 AND name LIKE 'A%' ORDER BY name ASC LIMIT 10;",
    "SELECT u.id, count(*) AS orders, sum(o.total) AS spent FROM users AS u LEFT JOIN orders AS o\n"
    "  ON o.user_id = u.id WHERE o.total > 12.50 AND NOT u.country IN ('SE', 'FI', 'it''s')\n"
    "  GROUP BY u.id HAVING sum(o.total) > 100 ORDER BY spent DESC, u.id;",
    "SELECT DISTINCT city FROM (SELECT city, population / area AS density FROM places) AS p\n"
    "WHERE (density > 1000 OR city IS NOT NULL) AND EXISTS (SELECT 1 FROM visits WHERE place = city)",
    "SELECT lower(name) || ' ' || upper(title), price * (1 + tax) FROM goods INNER JOIN rates ON rate = id",
]
XML = r"""
start: _blank? element _blank?
element: "<" NAME attribute* _blank? ("/>" | ">" content* "</" NAME _blank? ">")
attribute: _blank NAME _blank? "=" _blank? VALUE
content: TEXT | REFERENCE | COMMENT | element
_blank: /[ \t\r\n]+/
NAME: /[A-Za-z_][A-Za-z0-9_.:-]*/
VALUE: /"[^"<&]*"/ | /'[^'<&]*'/
TEXT: /[^<&]+/
REFERENCE: /&([a-z]+|#[0-9]+);/
COMMENT: /<!--([^-]|-[^-])*-->/
"""
XML_TEXTS = [
    '<note date="2024-05-01"><to>Ada</to><body>Fish &amp; chips &#8364; 5 – at noon?</body></note>',
    '<catalog>\n  <!-- two books -->\n  <book id="b1" lang="en">\n    <title>The Analytical Engine</title>\n'
    '    <price currency="EUR">12.50</price>\n    <tags><tag>history</tag><tag/></tags>\n  </book>\n'
    "  <book id='b2'><title>吾輩は猫である</title></book>\n</catalog>\n",
    '<s:svg width="40" height="30"><s:g><s:circle r="4" cx="1"/><s:text>a b c</s:text></s:g></s:svg>',
]
ARITHMETIC = """a = 1\nx1 +y_2 *37 = total\n(alpha -beta) /(gamma +12) = ratio
((1 +2) *(3 +4)) /5 = 8\nprice *quantity -discount = net_total
"""
ENGLISH = """The quick brown fox jumps over the lazy dog. Is it true that, of all animals, foxes jump
best? Nobody knows; some say (with good reason) that frogs do. In 1998 a frog jumped 21 feet, 5.75 inches!
"""
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
LIST = """- milk, two bottles\n- bread (the dark one)\n- 12 eggs\n- something for the neighbours' cat\n"""
CSV = "# name\tcity\tage\tscore\nAda\tLondon\t36\t9.5\nGrace\tNewYork\t85\t-1.25\nAlan\tWilmslow\t41\t7\n"
PYTHON = """import os, sys
from collections import OrderedDict as Ordered
total = sum(price * count for price, count in items if count > 0) + offset[1:3]
print "found %d of %d" % (found, len(names)), {"a": 1, 'b': [x ** 2 for x in range(10)]}
if total >= limit and not done: raise ValueError("too large", total)
square = lambda x, y=2: x ** y if y else None
assert isinstance(value, (int, float)), repr(value)
while stack: node = stack.pop(); stack.extend(node.children[::-1])
"""
PYTHON_LAYOUT = ("%declare _INDENT _DEDENT", '_INDENT: "<INDENT>"\n_DEDENT: "<DEDENT>"')


@dataclass
class Case:
    """A grammar with texts of its language."""

    name: str
    notation: str
    grammar: str
    texts: list[str]
    start: str = "start"


def cases(documents: int) -> list[Case]:
    """All of them; JSON grammars with so many documents."""
    import structgen as sg

    with gzip.open(DEFAULT / "maskbench_dev.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    instances = [test["data"] for row in rows for test in row["tests"] if test["valid"]]
    objects = [data for data in instances if isinstance(data, dict) and 20 < len(json.dumps(data)) < 3000]
    sample = random.Random(0).sample(objects, documents)
    plain = [json.dumps(data, ensure_ascii=False) for data in sample]
    pretty = [json.dumps(data, ensure_ascii=False, indent=2) for data in sample]
    # What json.gbnf has no numbers for: exponents of a capricious form, blanks beyond one.
    plain = [text for text in plain if sg.validate(sg.gbnf(_read("gbnf/json.gbnf")), text)]
    python = _read("lark/python2.lark").replace(*PYTHON_LAYOUT)
    found = [
        Case("json.gbnf", "gbnf", _read("gbnf/json.gbnf"), plain),
        Case("json.lark", "lark", _read("lark/json.lark"), pretty),
        Case("arithmetic.gbnf", "gbnf", _read("gbnf/arithmetic.gbnf"), [ARITHMETIC]),
        Case("english.gbnf", "gbnf", _read("gbnf/english.gbnf"), [ENGLISH.strip()]),
        Case("japanese.gbnf", "gbnf", _read("gbnf/japanese.gbnf"), [JAPANESE]),
        Case("list.gbnf", "gbnf", _read("gbnf/list.gbnf"), [LIST]),
        Case("csv.lark", "lark", _read("lark/csv.lark"), [CSV]),
        Case("python2.lark", "lark", python, [PYTHON], "file_input"),
        Case("sql.lark", "lark", SQL, SQL_TEXTS),
        Case("xml.lark", "lark", XML, XML_TEXTS),
    ]
    for path in ("BV4/find_inv_bvugt_bvneg_4bit", "SLIA/phone-3-long", "SLIA/univ_2_short"):
        grammar = (DEFAULT / "aligned" / f"{path}.gbnf").read_text()
        texts = [sg.example(sg.gbnf(grammar), seed=seed, as_text=True) for seed in range(10)]
        found.append(Case(path.split("/")[1] + ".gbnf", "gbnf", grammar, texts))
    return found


def _read(name: str) -> str:
    return (DEFAULT / "grammars" / name).read_text()
