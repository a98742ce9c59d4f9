-- A verdict makes a record's row longer by its reasoning. With 80 % of a page filled three of four updates went to
-- another page, and so into every index; at 45 % they stay where they are. The room is used by the verdicts themselves.
ALTER TABLE records SET (fillfactor = 45);
