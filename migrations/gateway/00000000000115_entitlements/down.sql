DROP TABLE tenant_entitlements;
