DROP INDEX CONCURRENTLY decisions_by_people;
