DROP FUNCTION record_words_remove(uuid, bigint);
