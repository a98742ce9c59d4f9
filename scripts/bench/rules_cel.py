#!/usr/bin/env python3
"""Processor time of cel-python on the rules and records of rules_data.py, the first match in order winning, as Verdict does.

usage: rules_cel.py data.json RULES RECORDS; prints JSON.
"""

import json
import sys
import time

import celpy
from celpy import celtypes


def prepared(record):
    fields = {key: celtypes.StringType(record[key] or "") for key in ("title", "text", "currency", "counterparty")}
    fields["amount"] = celtypes.DoubleType(float(record["amount"]))
    attributes = {celtypes.StringType(k): celtypes.StringType(v) for k, v in record["attributes"].items()}
    fields["attributes"] = celtypes.MapType(attributes)
    return {"record": celtypes.MapType({celtypes.StringType(key): value for key, value in fields.items()})}


def main():
    path, rules, records = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    environment = celpy.Environment()
    programs = [environment.program(environment.compile(source)) for source in data["conditions"][:rules]]
    activations = [prepared(record) for record in data["records"][:records]]
    started = time.process_time()
    decided = [next((i for i, program in enumerate(programs) if program.evaluate(one)), None) for one in activations]
    elapsed = time.process_time() - started
    print(json.dumps({"engine": "cel-python", "rules": rules, "nanoseconds": elapsed * 1e9 / records, "decided": decided}))


main()
