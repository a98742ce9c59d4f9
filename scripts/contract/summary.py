"""Whether the run saw anything: every documented call was tried and, but for those named here, also succeeded.

Prints one line of counts; ends with non-zero when something was not tried.
"""

import json
import sys

# Calls that no generated request can make succeed, and where they are tested instead.
NEVER_SUCCEED = {
    # Takes an authenticator: services/gateway/tests/it/totp.rs.
    "POST /api/v1/auth/totp/confirm",
    "POST /api/v1/auth/totp/prove",
    "POST /api/v1/auth/totp/recovery-codes",
    "DELETE /api/v1/auth/totp",
    # Takes a provider that people sign in at: services/gateway/tests/it/sign_in.
    "POST /api/v1/auth/oidc/start",
    "POST /api/v1/auth/oidc/link",
    "POST /api/v1/auth/oidc/callback",
    # The caller is the last owner: services/gateway/tests/it/tenants.rs.
    "POST /api/v1/tenants/current/leave",
    # No payment provider is configured: services/billing/tests.
    "POST /api/v1/billing/session",
    "GET /api/v1/billing/portal",
    "POST /api/v1/billing/webhooks/{provider}",
    # Takes a source that grants access: services/ingestion/tests/it/pulling.rs.
    "GET /api/v1/integrations/oauth/callback",
    "POST /api/v1/integrations/{id}/oauth/authorize",
    "POST /api/v1/integrations/{id}/oauth/disconnect",
    "POST /api/v1/integrations/{id}/sync",
    # Takes many decisions of people: services/processing/tests.
    "POST /api/v1/rules/proposals/{id}/accept",
    "POST /api/v1/rules/proposals/{id}/dismiss",
}
# Calls that may or may not succeed: an import, an operation or a run mostly has ended before it is cancelled, and few
# generated texts are documents of rules, providers or the name of the caller's own tenant.
SELDOM_SUCCEED = {
    # Takes an embedding model, and the stage switched on.
    "GET /api/v1/records/{id}/similar",
    "POST /api/v1/records/imports/{id}/cancel",
    "POST /api/v1/operations/{id}/cancel",
    "POST /api/v1/processing/runs/{id}/cancel",
    "POST /api/v1/rules/import/plan",
    "POST /api/v1/rules/import/apply",
    "GET /api/v1/tenants/current/sign-in",
    "PATCH /api/v1/tenants/current/sign-in",
    "DELETE /api/v1/tenants/current/sign-in",
    "DELETE /api/v1/tenants/current",
}


def main(document_path, counts_path):
    with open(document_path, encoding="utf-8") as text:
        document = json.load(text)
    with open(counts_path, encoding="utf-8") as text:
        counts = json.load(text)
    methods = {"get", "post", "patch", "put", "delete"}
    calls = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method in methods
    }
    statuses = counts["statuses"]
    untried = sorted(calls - statuses.keys())
    succeeded = {call for call in calls if any(status.startswith(("2", "3")) for status in statuses.get(call, {}))}
    unsuccessful = sorted(calls - succeeded - NEVER_SUCCEED - SELDOM_SUCCEED)
    stale = sorted(NEVER_SUCCEED & succeeded)
    requests = sum(sum(seen.values()) for seen in statuses.values())
    codes = {code for seen in counts["codes"].values() for code in seen}
    problems = []
    if not calls or not requests:
        problems.append("nothing was tried")
    problems += [f"not tried: {call}" for call in untried]
    problems += [f"never answered with success: {call} ({statuses.get(call)})" for call in unsuccessful]
    problems += [f"succeeds, and is named as one that never does: {call}" for call in stale]
    problems += [f"the run locked itself out {times} times by {call}" for call, times in counts["lockedOut"].items()]
    for problem in problems:
        print(f"contract: {problem}", file=sys.stderr)
    print(
        f"Contract: {requests} requests to {len(calls) - len(untried)} of {len(calls)} calls, "
        f"{len(succeeded)} of them with success; {len(codes)} different errors, each as documented"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
