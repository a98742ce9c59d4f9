-- Who somebody is at a provider can be shown and taken back, so it has a name of its own; and whether an account has a
-- password that its person knows. Accounts that a first sign-in made before this cannot be told from others: they count
-- as having one, and the letter of a forgotten password sets it.
ALTER TABLE sign_in_identities ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX sign_in_identities_id ON sign_in_identities (id);
ALTER TABLE users ADD COLUMN has_password boolean NOT NULL DEFAULT true;
