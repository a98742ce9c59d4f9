"""What schemathesis needs to know of Verdict: whose token a call gets, what exists, and what was really tried.

Calls that end sessions, guess passwords or change what a tenant asks of its members are made by somebody else than the
rest, who is replaced as soon as they are locked out: the run would see nothing but 401 otherwise.
"""

import atexit
import collections
import json
import os
import threading

import schemathesis
from world import Alternation, Person, World, furnish

GATEWAY = os.environ["CONTRACT_GATEWAY"]
MAIL = os.environ["CONTRACT_MAIL"]
REPORT = os.environ["CONTRACT_COUNTS"]

EXPENDABLE = {
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/password/change",
    "DELETE /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions/{id}",
    "POST /api/v1/auth/totp",
    "DELETE /api/v1/auth/totp",
    "POST /api/v1/auth/totp/confirm",
    "POST /api/v1/auth/totp/recovery-codes",
    "POST /api/v1/auth/totp/prove",
    "PATCH /api/v1/tenants/current",
    "DELETE /api/v1/tenants/current",
    "PATCH /api/v1/tenants/current/sign-in",
    "DELETE /api/v1/tenants/current/sign-in",
    "PATCH /api/v1/tenants/current/members/{id}",
    "DELETE /api/v1/tenants/current/members/{id}",
    "POST /api/v1/tenants/current/leave",
}
# The token of the call is of no use any more.
SPENT = {"session_revoked", "token_expired", "second_factor_required", "second_factor_enrolment_required"}


class People:
    """Whoever makes the calls: somebody who stays, and somebody who is replaced."""

    def __init__(self):
        self.lock = threading.RLock()
        self.worlds = {}

    def world(self, kind):
        with self.lock:
            if kind not in self.worlds:
                self.worlds[kind] = World(Person.sign_up(GATEWAY), MAIL)
            world = self.worlds[kind]
            if world.person.is_stale():
                world.person.refresh()
            return world

    def replace(self, kind):
        with self.lock:
            self.worlds.pop(kind, None)


class Counts:
    """What was answered to which call, and what kept the run from seeing anything."""

    def __init__(self):
        self.lock = threading.Lock()
        self.statuses = collections.defaultdict(collections.Counter)
        self.codes = collections.defaultdict(collections.Counter)
        self.locked_out = collections.Counter()

    def note(self, label, status, code):
        with self.lock:
            self.statuses[label][str(status)] += 1
            if code:
                self.codes[label][code] += 1

    def write(self):
        with open(REPORT, "w", encoding="utf-8") as report:
            content = {"statuses": self.statuses, "codes": self.codes, "lockedOut": self.locked_out}
            json.dump(content, report, indent=1, sort_keys=True)


PEOPLE = People()
PEOPLE.world("steady").person.sign_in()
COUNTS = Counts()
TURNS = Alternation()
atexit.register(COUNTS.write)


def kind_of(label):
    # Nobody changes the rules behind questions that are to be answered.
    if "/approvals" in label:
        return "asked"
    return "expendable" if label in EXPENDABLE else "steady"


def is_public(case):
    return case.operation.definition.raw.get("security") == []


def is_good(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


# Kept here and not by schemathesis, which would replace everybody at the first 401.
@schemathesis.auth(refresh_interval=None)
class Owner:
    def get(self, case, context):
        return None if is_public(case) else PEOPLE.world(kind_of(case.operation.label)).person.token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if is_good(case) and TURNS.is_turn(case.operation.label):
        furnish(PEOPLE.world(kind_of(case.operation.label)), case)


@schemathesis.hook
def after_call(context, case, response):
    label = case.operation.label
    if response.request.method != case.operation.method.upper():
        # Another method on the same path.
        return
    code = None
    if response.status_code >= 400:
        try:
            code = response.json()["error"]["code"]
        except (ValueError, KeyError, TypeError):
            code = "?"
    COUNTS.note(label, response.status_code, code)
    if code in SPENT:
        PEOPLE.replace(kind_of(label))
        if kind_of(label) != "expendable":
            COUNTS.locked_out[f"{label}: {code}"] += 1


@schemathesis.serializer("application/x-ndjson")
def as_ndjson(context, value):
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schemathesis.serializer("text/csv")
def as_csv(context, value):
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace")


@schemathesis.deserializer("*/*")
def as_bytes(context, response):
    return response.content.decode("latin-1")


@schemathesis.deserializer("application/x-ndjson")
def of_ndjson(context, response):
    return response.text


@schemathesis.deserializer("text/csv")
def of_csv(context, response):
    return response.text
