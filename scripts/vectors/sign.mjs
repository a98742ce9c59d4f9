// Webhooks signed by npm's standardwebhooks, @octokit/webhooks-methods and stripe: one JSON object a line.
import { randomBytes } from "node:crypto";
import { sign as signGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const BODIES = [
  { id: "m-1", type: "note.created", text: "plain" },
  { id: "m-2", type: "note.created", text: "ünïcode 😀 \u2028 and \"quotes\"", nested: { list: [1, 2.5, null, true] } },
];

const emit = (provider, library, secret, headers, body) =>
  console.log(JSON.stringify({ provider, library, secret, headers, body }));

const stripe = new Stripe("sk_test_unused");
for (const [index, value] of BODIES.entries()) {
  for (const body of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
    const now = new Date();
    const id = `msg_${index}_${randomBytes(8).toString("hex")}`;

    const whsec = `whsec_${randomBytes(24).toString("base64")}`;
    emit("standard-webhooks", "npm standardwebhooks", whsec, {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(whsec).sign(id, now, body),
    }, body);

    const github = randomBytes(20).toString("hex");
    emit("github", "npm @octokit/webhooks-methods", github, {
      "x-github-delivery": id,
      "x-github-event": "issues",
      "x-hub-signature-256": await signGithub(github, body),
    }, body);

    const secret = `whsec_${randomBytes(24).toString("hex")}`;
    emit("stripe", "npm stripe", secret, {
      "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
    }, body);
  }
}
