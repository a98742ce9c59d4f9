#!/usr/bin/env python3
"""Makes rules and records for the comparison of rule engines: the same conditions as CEL and as a tree.

usage: rules_data.py RULES RECORDS > data.json. The same numbers give the same file.
"""

import json
import random
import sys

WORDS = """order invoice payment card shop monthly annual transfer ticket hotel flight parking fuel grocery software
licence hosting domain support repair delivery return deposit salary bonus insurance premium claim rent power water
internet phone mobile office paper printer coffee lunch dinner taxi train ferry museum cinema concert sport""".split()
CURRENCIES = ["EUR", "USD", "GBP", "CHF"]


def shop(number):
    return f"Shop {number} Ltd"


def rule(number, rng):
    """A condition as a tree: {"all": […]} over [field, operator, value]."""
    kind = number % 20
    if kind < 5:
        return {"all": [["counterparty", "==", shop(number)]]}
    if kind < 8:
        return {"all": [["counterparty", "==", shop(number)], ["amount", ">", float(rng.randrange(10, 400))]]}
    if kind < 12:
        return {"all": [["text", "contains", f"{rng.choice(WORDS)}-{number}"]]}
    if kind < 15:
        return {"all": [["text", "matches", f"(?i)ref\\s*{number}[a-z]*"]]}
    if kind < 17:
        low = float(number) / 4
        return {"all": [["currency", "==", rng.choice(CURRENCIES)], ["amount", ">=", low], ["amount", "<", low + 0.25]]}
    if kind < 19:
        return {"all": [["title", "startsWith", f"{rng.choice(WORDS).title()} {number} "]]}
    return {"all": [["plan", "==", f"plan-{number}"], ["amount", ">", 50.0]]}


def cel(tree):
    def term(field, operator, value):
        name = 'record.attributes["plan"]' if field == "plan" else f"record.{field}"
        literal = json.dumps(value)
        return f"{name}.{operator}({literal})" if operator.isalpha() else f"{name} {operator} {literal}"

    terms = [term(*parts) for parts in tree["all"]]
    if tree["all"][0][0] == "plan":
        terms.insert(0, '"plan" in record.attributes')
    return " && ".join(terms)


def record(rng, rules):
    text = " ".join(rng.choice(WORDS) for _ in range(14))
    number = rng.randrange(rules)
    chance = rng.random()
    if chance < 0.05:
        text += f" Ref {number}x"
    return {
        "title": f"{rng.choice(WORDS).title()} {rng.randrange(rules * 5)} statement",
        "text": text,
        "amount": f"{rng.randrange(100, 900000) / 100:.2f}",
        "currency": rng.choice(CURRENCIES),
        "counterparty": shop(number * 20 % rules if chance > 0.9 else number + rules),
        "occurredAt": None,
        "attributes": {"plan": f"plan-{rng.randrange(rules * 10)}"} if chance < 0.5 else {},
    }


def main():
    rules, records = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(20260101)
    trees = [rule(number, rng) for number in range(rules)]
    json.dump(
        {"conditions": [cel(tree) for tree in trees], "trees": trees,
         "records": [record(rng, rules) for _ in range(records)]},
        sys.stdout,
    )


main()
