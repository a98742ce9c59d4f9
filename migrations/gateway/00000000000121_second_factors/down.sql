DROP TRIGGER tenants_forget ON tenants;
DROP FUNCTION forget_tenant();
ALTER TABLE sessions DROP COLUMN second_factor_at;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP FUNCTION forget_user();
