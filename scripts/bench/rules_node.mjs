// Processor time of json-rules-engine on the rules and records of rules_data.py, the first match in order winning.
// usage: node rules_node.mjs data.json RULES RECORDS; prints JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.YARDSTICKS}/`);
const { Engine } = require("json-rules-engine");

const [path, rules, records] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const data = JSON.parse(readFileSync(path, "utf8"));
const names = { "==": "equal", ">": "greaterThan", ">=": "greaterThanInclusive", "<": "lessThan" };
const patterns = new Map();

const engine = new Engine([], { allowUndefinedFacts: true });
engine.addOperator("contains", (text, part) => text.includes(part));
engine.addOperator("startsWith", (text, part) => text.startsWith(part));
engine.addOperator("matches", (text, pattern) => patterns.get(pattern).test(text));

const condition = ([fact, operator, value]) => ({ fact, operator: names[operator] ?? operator, value });
data.trees.slice(0, rules).forEach((tree, index) => {
  for (const [, operator, value] of tree.all) {
    if (operator === "matches") patterns.set(value, new RegExp(value.replace("(?i)", ""), "i"));
  }
  // Rules of one priority run side by side; with its own each, the first match can end the run.
  engine.addRule({ conditions: { all: tree.all.map(condition) }, event: { type: String(index) }, priority: rules - index });
});
let first = null;
engine.on("success", (event) => {
  first ??= Number(event.type);
  engine.stop();
});

const facts = data.records.slice(0, records).map((record) => ({
  title: record.title, text: record.text, amount: Number(record.amount), currency: record.currency,
  counterparty: record.counterparty, plan: record.attributes.plan,
}));
const decided = [];
const started = process.cpuUsage();
for (const one of facts) {
  first = null;
  await engine.run(one);
  decided.push(first);
}
const used = process.cpuUsage(started);
console.log(JSON.stringify({ engine: "json-rules-engine", rules, nanoseconds: ((used.user + used.system) * 1e3) / records, decided }));
