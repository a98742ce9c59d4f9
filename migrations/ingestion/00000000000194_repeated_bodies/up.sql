-- Bodies of repeated receipts, which are kept for some days only. The first receipt keeps its own.
CREATE INDEX CONCURRENTLY deliveries_repeated_bodies ON deliveries (id)
    WHERE outcome = 'duplicate' AND octet_length(body) > 0;
