-- Files: what callers named and linked; blobs: the bytes, once a tenant however often they were sent.

CREATE TABLE blobs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- 'uploading' is written before the first byte, so no byte is ever without a row; 'deleting' after the last use.
    state text NOT NULL CHECK (state IN ('uploading', 'stored', 'deleting')),
    sha256 bytea,
    size bigint,
    -- An upload is alive until then, and renews it as it goes.
    lease_until timestamptz,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX blobs_content ON blobs (tenant_id, sha256) WHERE state = 'stored';
CREATE INDEX blobs_leased ON blobs (lease_until) WHERE state = 'uploading';
CREATE INDEX blobs_deleting ON blobs (id) WHERE state = 'deleting';
CALL app_protect('blobs');

CREATE TABLE files (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    blob_id uuid NOT NULL REFERENCES blobs (id),
    record_id uuid,
    name text NOT NULL,
    content_type text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX files_blob ON files (blob_id);
CREATE INDEX files_record ON files (tenant_id, record_id, id) WHERE record_id IS NOT NULL;
CALL app_protect('files');
