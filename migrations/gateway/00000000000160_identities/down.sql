ALTER TABLE users DROP COLUMN has_password;
ALTER TABLE sign_in_identities DROP COLUMN id;
