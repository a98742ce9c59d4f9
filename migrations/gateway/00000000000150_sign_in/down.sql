DROP TRIGGER sign_in_providers_forget ON sign_in_providers;
DROP FUNCTION forget_tenant_of_provider();
UPDATE sessions SET revoked_reason = 'revoked' WHERE revoked_reason IN ('sign_in_changed', 'tenant_deleted');
ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_reason_check
    CHECK (revoked_reason IN ('logout', 'revoked', 'token_reused', 'member_removed', 'password_changed'));
ALTER TABLE sessions DROP COLUMN confined;
DROP TABLE sign_in_flows;
DROP TABLE sign_in_identities;
DROP TABLE sign_in_domains;
DROP TABLE sign_in_providers;
