DROP FUNCTION record_words_find(text, timestamptz, timestamptz, uuid, integer);
DROP FUNCTION record_words_add(uuid[]);
DROP TABLE record_words, record_facets;
