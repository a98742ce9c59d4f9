-- Imports: records from a stored content, in steps. A step's rows and the place where the next one begins are one
-- transaction, so a process that dies repeats nothing and leaves nothing out.

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- Null once it has ended.
    blob_id uuid REFERENCES blobs (id),
    format text NOT NULL CHECK (format IN ('csv', 'ndjson')),
    source text,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    size bigint NOT NULL,
    -- Where the next step begins: the byte, and the line that it is in.
    position bigint NOT NULL DEFAULT 0,
    line bigint NOT NULL DEFAULT 1,
    -- Whether that is in the middle of a line that is too long.
    skipping boolean NOT NULL DEFAULT false,
    -- A CSV's column names, once they were read.
    header json,
    accepted bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    error text,
    actor json NOT NULL,
    traceparent text NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX imports_open ON imports (tenant_id, id) WHERE status IN ('queued', 'running');
CREATE INDEX imports_list ON imports (tenant_id, id);
CREATE INDEX imports_blob ON imports (blob_id);
CALL app_protect('imports');

CREATE TABLE import_rejections (
    import_id uuid NOT NULL REFERENCES imports (id),
    line bigint NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (import_id, line)
);
CALL app_protect('import_rejections');
