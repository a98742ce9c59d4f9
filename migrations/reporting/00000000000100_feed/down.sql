DROP TABLE feed_hours;
DROP TABLE events;
DROP TABLE feed_heads;
