DROP TABLE idempotency_keys;
DROP TABLE inbox;
DROP TABLE outbox;
DROP PROCEDURE app_protect(regclass);
DROP FUNCTION app_is_system();
DROP FUNCTION app_tenants();
