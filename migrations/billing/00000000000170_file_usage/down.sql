DELETE FROM holdings WHERE kind = 'file';
ALTER TABLE holdings
    DROP COLUMN bytes,
    DROP CONSTRAINT holdings_kind_check,
    ADD CONSTRAINT holdings_kind_check CHECK (kind IN ('seat', 'integration'));
