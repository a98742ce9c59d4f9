-- A deleted tenant leaves a row without a name: its id is never given again, and late events find nothing.
ALTER TABLE tenants ADD COLUMN deleted_at timestamptz;
CREATE TRIGGER tenants_forget_deleted AFTER UPDATE OF deleted_at ON tenants
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_tenant();
