ALTER TABLE records SET (fillfactor = 80);
