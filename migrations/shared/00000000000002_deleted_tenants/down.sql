DROP FUNCTION remove_tenant_rows(uuid, text, bigint, bigint, bigint);
DROP FUNCTION tenant_tables();
DROP TABLE deleted_tenants;
