DROP TABLE pending_attachments;
