// Drives the double of Stripe with npm's official SDK; ends with an error at the first difference from Stripe.
//   node drive_double.mjs http://127.0.0.1:8420
import assert from "node:assert/strict";
import { createServer } from "node:http";
import Stripe from "stripe";

const base = new URL(process.argv[2]);
const stripe = new Stripe("sk_test_double", {
  host: base.hostname, port: Number(base.port), protocol: "http", maxNetworkRetries: 0, telemetry: false,
});
const press = (url, fields) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });

// Webhooks: received here, verified by the SDK over the raw bytes.
const received = [];
const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    received.push([Buffer.concat(chunks), request.headers["stripe-signature"]]);
    response.end();
  });
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const endpoint = await stripe.webhookEndpoints.create({
  url: `http://127.0.0.1:${server.address().port}/`, enabled_events: ["*"],
});
assert.match(endpoint.secret, /^whsec_/);
assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);

const product = await stripe.products.create({ name: "Drive" });
const price = async (lookup_key, unit_amount) => stripe.prices.create({
  product: product.id, currency: "eur", unit_amount, lookup_key, recurring: { interval: "month" },
});
const stamp = Date.now();
const [small, large] = [await price(`small-${stamp}`, 1000), await price(`large-${stamp}`, 5000)];
assert.equal((await stripe.prices.list({ lookup_keys: [`large-${stamp}`] })).data[0].id, large.id);

// Customers: metadata merges, deletion, expansion, lists that page by themselves.
const customer = await stripe.customers.create({ name: "Ünï", metadata: { tenant: "t1", gone: "x" } });
const updated = await stripe.customers.update(customer.id, { metadata: { gone: "", more: "y" } });
assert.deepEqual(updated.metadata, { tenant: "t1", more: "y" });
for (let i = 0; i < 12; i++) await stripe.customers.create({ name: `c${i}` });
const seen = new Set();
for await (const one of stripe.customers.list({ limit: 5 })) seen.add(one.id);
assert.ok(seen.size >= 13 && seen.has(customer.id));
const doomed = await stripe.customers.create({});
assert.equal((await stripe.customers.del(doomed.id)).deleted, true);
assert.equal((await stripe.customers.retrieve(doomed.id)).deleted, true);

// Idempotency: the same answer, or the SDK's own error class.
const once = (name) => stripe.customers.create({ name }, { idempotencyKey: `k-${stamp}` });
assert.equal((await once("one")).id, (await once("one")).id);
await assert.rejects(once("other"), (error) => error instanceof Stripe.errors.StripeIdempotencyError);
await assert.rejects(stripe.subscriptions.retrieve("sub_none"), (error) =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing" &&
  error.statusCode === 404 && Boolean(error.requestId));

// Checkout on the hosted page, then the portal.
const session = await stripe.checkout.sessions.create({
  mode: "subscription", customer: customer.id, client_reference_id: "t1",
  line_items: [{ price: small.id, quantity: 1 }], subscription_data: { metadata: { tenant: "t1" } },
  success_url: "http://app.example/done?s={CHECKOUT_SESSION_ID}", cancel_url: "http://app.example/",
});
assert.match(await (await press(session.url, { card: "0002" })).text(), /declined/);
const paid = await press(session.url, { card: "4242" });
assert.equal(paid.headers.get("location"), `http://app.example/done?s=${session.id}`);
const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "customer"] });
assert.equal(done.status, "complete");
assert.equal(done.subscription.status, "active");
assert.equal(done.customer.id, customer.id);
const id = done.subscription.id;
assert.ok(done.subscription.items.data[0].current_period_end > done.subscription.created);

const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: "http://app.example/" });
await press(portal.url, { act: "switch", subscription: id, price: large.id });
assert.equal((await stripe.subscriptions.retrieve(id)).items.data[0].price.id, large.id);
await press(portal.url, { act: "later", subscription: id, price: small.id });
const waiting = await stripe.subscriptions.retrieve(id, { expand: ["schedule.phases.items.price"] });
assert.equal(waiting.schedule.phases[1].items[0].price.id, small.id);
await stripe.subscriptionSchedules.release(waiting.schedule.id);
await stripe.subscriptions.update(id, { cancel_at_period_end: true });
await stripe.subscriptions.update(id, { cancel_at_period_end: false, pause_collection: { behavior: "void" } });
const resumed = await stripe.subscriptions.update(id, { pause_collection: "" });
assert.equal(resumed.pause_collection, null);

// A renewal that fails, by the test clock; a card that works; a refund; the end.
await press(new URL("/_test/card", base), { customer: customer.id, card: "0341" });
const clock = await stripe.testHelpers.testClocks.create({ frozen_time: Math.floor(Date.now() / 1000) });
await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: clock.frozen_time + 32 * 86400 });
assert.equal((await stripe.subscriptions.retrieve(id)).status, "past_due");
const open = (await stripe.invoices.list({ customer: customer.id })).data.find((one) => one.status === "open");
await assert.rejects(stripe.invoices.pay(open.id), (error) => error instanceof Stripe.errors.StripeCardError);
await press(portal.url, { act: "card", card: "4242" });
assert.equal((await stripe.subscriptions.retrieve(id)).status, "active");
const charge = (await stripe.charges.list({ customer: customer.id })).data[0];
assert.equal((await stripe.refunds.create({ charge: charge.id, amount: 100 })).amount, 100);
const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: small.id }], trial_period_days: 7 });
assert.equal(subscription.status, "trialing");
assert.equal((await stripe.subscriptions.cancel(id)).status, "canceled");
const identifier = `m-${stamp}`;
const meter = () => stripe.billing.meterEvents.create({
  event_name: "records", identifier, payload: { stripe_customer_id: customer.id, value: "7" },
});
assert.equal((await meter()).identifier, identifier);
await assert.rejects(meter(), /already exists/);

// Everything that happened was sent, in the SDK's eyes genuine, and can be listed.
const last = (await stripe.events.list({ limit: 1, type: "customer.subscription.deleted" })).data[0];
for (let i = 0; i < 100 && !received.some(([body]) => JSON.parse(body).id === last.id); i++) {
  await new Promise((later) => setTimeout(later, 50));
}
const kinds = new Set(received.map(([body, signature]) => stripe.webhooks.constructEvent(body, signature, endpoint.secret).type));
for (const kind of ["checkout.session.completed", "customer.subscription.created", "customer.subscription.updated",
  "customer.subscription.paused", "customer.subscription.resumed", "customer.subscription.deleted", "invoice.paid",
  "invoice.payment_failed", "charge.refunded", "customer.deleted"]) assert.ok(kinds.has(kind), kind);
assert.throws(() => stripe.webhooks.constructEvent(received[0][0], received[0][1], "whsec_other"));
await stripe.webhookEndpoints.del(endpoint.id);
server.close();
console.log(`npm stripe ${Stripe.PACKAGE_VERSION}: ${received.length} webhooks of ${kinds.size} kinds, all as expected`);
