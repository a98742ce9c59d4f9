-- Files are held as seats and sources are, each with its size.
ALTER TABLE holdings
    ADD COLUMN bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    DROP CONSTRAINT holdings_kind_check,
    ADD CONSTRAINT holdings_kind_check CHECK (kind IN ('seat', 'integration', 'file'));
