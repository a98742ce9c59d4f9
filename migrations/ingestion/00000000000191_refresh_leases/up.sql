-- Who refreshes a token now: the call to the provider is made outside of any transaction. A lease that ran out may be
-- taken, and what its former holder was given is not kept.
ALTER TABLE oauth_tokens ADD COLUMN refresh_lease uuid, ADD COLUMN refresh_until timestamptz;
