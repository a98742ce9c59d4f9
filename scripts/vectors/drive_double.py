"""Drives the double of Stripe with PyPI's official SDK; ends with an error at the first difference from Stripe.

    python drive_double.py http://127.0.0.1:8420
"""

import http.server
import json
import sys
import threading
import time
import urllib.parse
import urllib.request

import stripe

stripe.api_key = "sk_test_double"
stripe.api_base = sys.argv[1].rstrip("/")
stripe.max_network_retries = 0
stripe.enable_telemetry = False
received = []


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what comes, and takes each only at the second try: a delivery is tried again."""

    refused = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        event = json.loads(body)["id"]
        taken = event in self.refused
        self.refused.add(event)
        if taken:
            received.append((body, self.headers["stripe-signature"]))
        self.send_response(200 if taken else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


def press(url, **fields):
    with urllib.request.urlopen(url, urllib.parse.urlencode(fields).encode()) as answer:
        return answer.read().decode()


def refused(kind, call, code=None):
    try:
        call()
    except kind as error:
        assert code is None or error.code == code, error.code
        return
    raise AssertionError(f"{kind.__name__} was expected")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = stripe.WebhookEndpoint.create(
    url=f"http://127.0.0.1:{server.server_port}/", enabled_events=["customer.subscription.created", "invoice.paid"]
)
stamp = str(time.time_ns())
product = stripe.Product.create(name="Drive")
price = stripe.Price.create(
    product=product.id, currency="eur", unit_amount=1234, lookup_key=f"py-{stamp}", recurring={"interval": "year"}
)
assert stripe.Price.list(lookup_keys=[f"py-{stamp}"]).data[0].unit_amount == 1234
customer = stripe.Customer.create(name="Ünï", metadata={"tenant": "t2"})
assert stripe.Customer.retrieve(customer.id).metadata["tenant"] == "t2"
refused(stripe.InvalidRequestError, lambda: stripe.Customer.retrieve("cus_none"), "resource_missing")

one = stripe.Customer.create(name="one", idempotency_key=f"py-{stamp}")
two = stripe.Customer.create(name="one", idempotency_key=f"py-{stamp}")
assert one.id == two.id
refused(stripe.IdempotencyError, lambda: stripe.Customer.create(name="x", idempotency_key=f"py-{stamp}"))
for number in range(11):
    stripe.Customer.create(name=f"p{number}")
assert len({found.id for found in stripe.Customer.list(limit=3).auto_paging_iter()}) >= 12

session = stripe.checkout.Session.create(
    mode="subscription", customer=customer.id, client_reference_id="t2", line_items=[{"price": price.id, "quantity": 1}],
    subscription_data={"trial_period_days": 14, "metadata": {"tenant": "t2"}},
    success_url=f"{stripe.api_base}/_test/state", cancel_url="http://app.example/",
)
press(session.url, card="4242")
done = stripe.checkout.Session.retrieve(session.id, expand=["subscription"])
subscription = done.subscription
assert (done.status, subscription.status, subscription.metadata["tenant"]) == ("complete", "trialing", "t2")
assert subscription["items"].data[0].price.id == price.id
assert stripe.Subscription.list(customer=customer.id, status="all").data[0].id == subscription.id
expired = stripe.checkout.Session.create(
    mode="subscription", line_items=[{"price": price.id, "quantity": 1}], success_url="http://app.example/"
)
assert stripe.checkout.Session.expire(expired.id).status == "expired"
later = stripe.Subscription.modify(subscription.id, cancel_at_period_end=True)
assert later.cancel_at_period_end and later.cancel_at == later["items"].data[0].current_period_end
portal = stripe.billing_portal.Session.create(customer=customer.id, return_url="http://app.example/")
assert "Keep it" in press(portal.url, act="card", card="4242")
press(portal.url, act="keep", subscription=subscription.id)
paid = stripe.Subscription.modify(subscription.id, trial_end="now")
assert stripe.Subscription.retrieve(paid.id).status == "active"
invoice = stripe.Invoice.list(subscription=paid.id).data[0]
assert (invoice.status, invoice.amount_paid) == ("paid", 1234)
assert invoice.parent.subscription_details.subscription == paid.id
refused(stripe.InvalidRequestError, lambda: stripe.Invoice.pay(invoice.id))
assert stripe.Subscription.cancel(paid.id).status == "canceled"
refused(stripe.InvalidRequestError, lambda: stripe.Subscription.cancel(paid.id))

for _ in range(200):
    if {json.loads(body)["type"] for body, _ in received} == set(endpoint.enabled_events):
        break
    time.sleep(0.05)
events = [stripe.Webhook.construct_event(body, signature, endpoint.secret) for body, signature in received]
assert {event.type for event in events} == set(endpoint.enabled_events), events
refused(
    stripe.SignatureVerificationError,
    lambda: stripe.Webhook.construct_event(received[0][0] + b" ", received[0][1], endpoint.secret),
)
assert stripe.Event.retrieve(events[0].id).type == events[0].type
stripe.WebhookEndpoint.delete(endpoint.id)
server.shutdown()
print(f"PyPI stripe {stripe.VERSION}: {len(received)} webhooks taken at the second try, all as expected")
