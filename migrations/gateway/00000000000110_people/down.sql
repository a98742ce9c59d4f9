DROP TRIGGER api_keys_forget ON api_keys;
DROP TRIGGER memberships_forget_removed ON memberships;
DROP TRIGGER memberships_forget_changed ON memberships;
DROP TRIGGER sessions_forget ON sessions;
DROP FUNCTION forget_api_key();
DROP FUNCTION forget_member();
DROP FUNCTION forget_session();
UPDATE sessions SET revoked_reason = 'revoked' WHERE revoked_reason = 'password_changed';
ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_reason_check
    CHECK (revoked_reason IN ('logout', 'revoked', 'token_reused', 'member_removed'));
ALTER TABLE sessions DROP COLUMN opened_by;
DROP TABLE password_resets;
DROP TABLE password_reset_requests;
DROP TABLE mails;
DROP TABLE invite_links;
DROP TABLE invites;
