"""Webhooks signed by PyPI's standardwebhooks: one JSON object a line."""

import base64
import datetime
import json
import secrets

from standardwebhooks import Webhook

BODIES = [
    {"id": "m-1", "type": "note.created", "text": "plain"},
    {"id": "m-2", "type": "note.created", "text": "ünïcode 😀", "nested": {"list": [1, 2.5, None, True]}},
]

for index, value in enumerate(BODIES):
    for body in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        identity = f"msg_{index}_{secrets.token_hex(8)}"
        headers = {
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(identity, now, body),
        }
        line = {
            "provider": "standard-webhooks",
            "library": "PyPI standardwebhooks",
            "secret": secret,
            "headers": headers,
            "body": body,
        }
        print(json.dumps(line))
