"""What generated requests are about: things that exist, made as they are needed, and words that mean something.

A generator does not guess the id of a record or write a condition. Each good request of the generator gets, every
second time, the ids of things that were made for it and fields that name them; the other half stays as it was made.
"""

import hashlib
import hmac
import itertools
import pathlib
import re
import threading
import time
import uuid

import requests

PATIENCE = 20.0
PASSWORD = "correct horse battery staple"


class Person:
    """Somebody who owns a tenant; their calls succeed or end the run."""

    def __init__(self, gateway, tokens, email):
        self.api = f"{gateway}/api/v1"
        self.email = email
        self.take(tokens)

    @classmethod
    def sign_up(cls, gateway):
        email = f"contract-{uuid.uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Contract", "tenantName": "Contract"}
        answer = requests.post(f"{gateway}/api/v1/auth/signup", json=body, timeout=30)
        answer.raise_for_status()
        return cls(gateway, answer.json()["data"], email)

    def sign_in(self):
        """An address that has signed in once is not kept waiting for the failures of others."""
        body = {"email": self.email, "password": PASSWORD}
        requests.post(f"{self.api}/auth/login", json=body, timeout=30).raise_for_status()

    def take(self, tokens):
        self.token, self.refresh_token = tokens["accessToken"], tokens["refreshToken"]
        self.id, self.tenant = tokens["user"]["id"], tokens["tenant"]["id"]
        self.taken_at = time.monotonic()

    def is_stale(self):
        # Well below the 15 minutes of an access token.
        return time.monotonic() - self.taken_at > 600

    def refresh(self):
        answer = requests.post(f"{self.api}/auth/refresh", json={"refreshToken": self.refresh_token}, timeout=30)
        answer.raise_for_status()
        tokens = answer.json()["data"]
        self.token, self.refresh_token = tokens["accessToken"], tokens["refreshToken"]
        self.taken_at = time.monotonic()

    def call(self, method, path, **arguments):
        headers = {"Authorization": f"Bearer {self.token}", **arguments.pop("headers", {})}
        answer = requests.request(method, f"{self.api}{path}", headers=headers, timeout=30, **arguments)
        answer.raise_for_status()
        return answer.json()["data"]


def name():
    return f"contract {uuid.uuid4().hex}"


def wait_for(what, look):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"waited in vain for {what}")


class World:
    """Makes things of a person's tenant: one of each kind to look at, a new one for each call that changes it."""

    def __init__(self, person, mail):
        self.person = person
        self.mail = pathlib.Path(mail)
        self.kept = {}
        self.lock = threading.RLock()

    def thing(self, kind, anew=False):
        """The thing that is kept for looking at, or a new one, which its caller may change or delete."""
        make = getattr(self, f"make_{kind}")
        if anew:
            return make()
        with self.lock:
            if kind not in self.kept:
                self.kept[kind] = make()
            return self.kept[kind]

    def make_label(self):
        return self.person.call("POST", "/labels", json={"name": name()})

    def make_rule(self):
        label = self.thing("label")["name"]
        rule = {"name": name(), "condition": 'record.text.contains("refund")', "label": label}
        return self.person.call("POST", "/rules", json=rule)

    def make_shadow_rule(self):
        rule = {"name": name(), "condition": "record.text == 'shadow'", "label": self.thing("label")["name"]}
        return self.person.call("POST", "/rules", json={**rule, "status": "shadow"})

    def make_value_list(self):
        return self.person.call("POST", "/value-lists", json={"name": f"l{uuid.uuid4().hex}", "values": ["refund"]})

    def make_integration(self):
        return self.person.call("POST", "/integrations", json={"provider": "github", "name": name()})

    def make_record(self):
        return self.person.call("POST", "/records", json={"normalized": {"text": name()}})

    def make_archived(self):
        record = self.make_record()
        self.person.call("POST", f"/records/{record['id']}/archive")
        return record

    def make_file(self):
        return self.person.call("POST", "/files", files={"file": ("contract.csv", b"text\na refund\n", "text/csv")})

    def make_attachment(self):
        record, file = self.make_record(), self.make_file()
        self.person.call("POST", f"/records/{record['id']}/attachments", json={"fileId": file["id"]})
        return {"id": record["id"], "fileId": file["id"]}

    def make_import(self):
        headers = {"Content-Type": "text/csv"}
        return self.person.call("POST", "/records/import", data=b"text\na refund\n", headers=headers)

    def make_operation(self):
        record = self.make_record()
        begun = self.person.call("POST", "/records/bulk", json={"action": "archive", "ids": [record["id"]]})
        path = f"/operations/{begun['operationId']}"

        def ended():
            operation = self.person.call("GET", path)
            return operation if operation["status"] != "running" else None

        return wait_for("the end of an operation", ended)

    def make_run(self):
        scope = {"recordIds": [self.make_record()["id"]]}
        begun = self.person.call("POST", "/processing/run", json={"scope": scope, "dryRun": True})
        path = f"/processing/runs/{begun['id']}"

        def ended():
            run = self.person.call("GET", path)
            return run if run["status"] != "running" else None

        return wait_for("the end of a run", ended)

    def make_proposing_rule(self):
        rule = {"label": self.make_label()["name"], "condition": 'record.title == "propose"', "requiresReview": True}
        return self.person.call("POST", "/rules", json={"name": name(), **rule})

    def make_approval(self):
        """A question with a proposal, for which there is a rule that asks."""
        self.thing("proposing_rule")
        normalized = {"title": "propose", "text": name()}
        record = self.person.call("POST", "/records", json={"normalized": normalized})["id"]

        def opened():
            found = self.person.call("GET", "/approvals?status=pending&limit=200")
            return next((approval for approval in found if approval["recordId"] == record), None)

        return wait_for("a question to a person", opened)

    def make_delivery(self):
        integration = self.make_integration()
        body = b'{"action":"opened"}'
        answer = requests.post(
            f"{self.person.api}/integrations/webhooks/github/{integration['id']}",
            data=body, headers=signed(integration, body), timeout=30,
        )
        answer.raise_for_status()
        return {"id": integration["id"], "deliveryId": answer.json()["data"]["deliveryId"]}

    def make_api_key(self):
        return self.person.call("POST", "/auth/api-keys", json={"name": name(), "role": "agent"})

    def make_session(self):
        self.person.call("POST", "/auth/tenant", json={"tenantId": self.person.tenant})
        return self.person.call("GET", "/auth/sessions")[0]

    def make_invite(self):
        invite = {"email": f"{uuid.uuid4().hex}@example.com", "role": "analyst"}
        return self.person.call("POST", "/tenants/current/invites", json=invite)

    def make_member(self):
        body = {"token": self.invited(), "name": "Member", "password": PASSWORD}
        answer = requests.post(f"{self.person.api}/tenants/invites/accept", json=body, timeout=30)
        answer.raise_for_status()
        return {"id": answer.json()["data"]["user"]["id"]}

    def invited(self):
        return self.letter(self.make_invite()["email"])

    def forgotten(self):
        forgetful = Person.sign_up(self.person.api.removesuffix("/api/v1"))
        forgetful.call("POST", "/auth/password/forgot", json={"email": forgetful.email})
        return self.letter(forgetful.email)

    def letter(self, address):
        """The token of the letter that came to an address."""

        def arrived():
            for file in self.mail.glob("[!.]*"):
                text = file.read_text(encoding="utf-8", errors="replace")
                if address in text and (found := re.search(r"#token=([\w-]{46})\b", text)):
                    return found[1]
            return None

        return wait_for(f"a letter to {address}", arrived)


def signed(integration, body):
    """The headers of a webhook that GitHub would send."""
    digest = hmac.new(integration["webhook"]["secret"].encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={digest}",
        "X-GitHub-Delivery": uuid.uuid4().hex,
    }


# What the variables of a path stand for; the longest beginning that fits counts.
NOUNS = {
    "/api/v1/labels/": "label",
    "/api/v1/rules/": "rule",
    "/api/v1/rules/{id}/promote": "shadow_rule",
    "/api/v1/value-lists/": "value_list",
    "/api/v1/integrations/": "integration",
    "/api/v1/integrations/{id}/deliveries/": "delivery",
    "/api/v1/records/": "record",
    "/api/v1/records/imports/": "import",
    "/api/v1/records/{id}/restore": "archived",
    "/api/v1/records/{id}/attachments/": "attachment",
    "/api/v1/processing/outcomes/": "record",
    "/api/v1/processing/runs/": "run",
    "/api/v1/operations/": "operation",
    "/api/v1/approvals/": "approval",
    "/api/v1/files/": "file",
    "/api/v1/auth/api-keys/": "api_key",
    "/api/v1/auth/sessions/": "session",
    "/api/v1/tenants/current/invites/": "invite",
    "/api/v1/tenants/current/members/": "member",
}


def fields(world, path, body):
    """What a body of that call says in place of what the generator made up; nothing of what it left out."""
    known = {
        "label": lambda: world.thing("label")["name"],
        "condition": lambda: 'record.text.contains("refund")',
        "recordId": lambda: world.thing("record")["id"],
        "fileId": lambda: world.thing("file")["id"],
        "deliveryId": lambda: world.thing("delivery")["deliveryId"],
        "ruleId": lambda: None,
        "version": lambda: 1,
        "ids": lambda: [world.thing("record")["id"]],
        "provider": lambda: "github",
        "config": dict,
        "mapping": lambda: None,
        "tenantId": lambda: world.person.tenant,
        "refreshToken": lambda: Person.sign_up(world.person.api.removesuffix("/api/v1")).refresh_token,
        "currentPassword": lambda: PASSWORD,
        "timezone": lambda: "Europe/Berlin",
        "scopes": lambda: None,
        "expiresAt": lambda: None,
        "occurredAt": lambda: "2026-11-25T10:00:00Z",
        "currency": lambda: "EUR",
        "amount": lambda: "12.50",
    }
    special = {
        "/api/v1/auth/login": {
            "email": lambda: world.person.email,
            "password": lambda: PASSWORD,
            "tenantId": lambda: world.person.tenant,
            "totp": lambda: None,
            "recoveryCode": lambda: None,
        },
        "/api/v1/auth/totp": {"password": lambda: PASSWORD},
        # Either what it is about, or a dry run that says it.
        "/api/v1/processing/run": {
            "scope": lambda: {"recordIds": [world.thing("record")["id"]]},
            "stages": lambda: ["rule"],
            "asOf": lambda: None,
            "ruleSetVersion": lambda: None,
            "dryRunId": lambda: None,
        },
        "/api/v1/processing/explain": {"record": lambda: None, "decisionId": lambda: None},
        "/api/v1/value-lists": {"name": lambda: f"l{uuid.uuid4().hex}"},
        "/api/v1/value-lists/{id}": {"name": lambda: f"l{uuid.uuid4().hex}"},
        "/api/v1/auth/password/reset": {"token": world.forgotten, "newPassword": lambda: f"{PASSWORD} again"},
        "/api/v1/auth/password/change": {"newPassword": lambda: f"{PASSWORD} again"},
        "/api/v1/auth/signup": {"email": lambda: f"{uuid.uuid4().hex}@example.com", "password": lambda: PASSWORD},
        "/api/v1/tenants/invites/accept": {
            "token": world.invited, "name": lambda: "Invited", "password": lambda: PASSWORD,
        },
    }
    wanted = {**known, **special.get(path, {})}
    return {field: wanted[field]() for field in body if field in wanted}


class Alternation:
    """Every second call of each kind."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def is_turn(self, label):
        with self.lock:
            return next(self.counts.setdefault(label, itertools.count())) % 2 == 0


def furnish(world, case):
    """Puts what exists into a good request."""
    operation = case.operation
    path = operation.path
    noun = max((beginning for beginning in NOUNS if path.startswith(beginning)), key=len, default=None)
    if path.endswith("/webhooks/{provider}/{integrationId}"):
        integration = world.thing("integration")
        case.path_parameters.update(provider="github", integrationId=integration["id"])
        case.body = uuid.uuid4().hex
        case.headers.update(signed(integration, f'"{case.body}"'.encode()))
        return
    if case.path_parameters and noun:
        thing = world.thing(NOUNS[noun], operation.method.upper() != "GET")
        ids = {**thing, "recordId": thing["id"]}
        case.path_parameters.update({key: ids[key] for key in case.path_parameters if key in ids})
    if case.headers:
        if "Idempotency-Key" in case.headers:
            # The generator likes short keys, and one that came before answers for another body.
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        case.headers.pop("If-Match", None)
        case.headers.pop("If-None-Match", None)
    if isinstance(case.body, dict) and case.media_type == "application/json":
        case.body.update(fields(world, path, case.body))
        normalized = case.body.get("normalized")
        if isinstance(normalized, dict):
            normalized.update(fields(world, path, normalized))
