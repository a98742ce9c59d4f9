DROP TRIGGER tenants_forget_deleted ON tenants;
ALTER TABLE tenants DROP COLUMN deleted_at;
