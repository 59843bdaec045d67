"""The work of the comparison in PostgreSQL: a trigger chains the rows by their hashes.

Does the chain, over the server's own normal form of JSON (jsonb). Does not do signatures: whoever owns the table can write
all of it anew. Does not check the shape of events either.
"""

import sys
import time

import psycopg

BATCH = 1000

TABLE = """
CREATE TABLE entries (seq bigint PRIMARY KEY, body jsonb NOT NULL, hash bytea NOT NULL);
CREATE FUNCTION hash_of(prev bytea, seq bigint, body jsonb) RETURNS bytea IMMUTABLE LANGUAGE sql
RETURN sha256(prev || convert_to(seq::text || ' ' || body::text, 'UTF8'));
CREATE FUNCTION chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    PERFORM pg_advisory_xact_lock(1);
    SELECT seq, hash INTO last FROM entries ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(last.seq + 1, 0);
    NEW.hash := hash_of(coalesce(last.hash, '\\x'), NEW.seq, NEW.body);
    RETURN NEW;
END $$;
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'entries are never changed'; END $$;
CREATE TRIGGER chain BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION chain();
CREATE TRIGGER never BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION never();
"""

VERIFY = """
SELECT count(*), bool_and(hash = hash_of(coalesce(before, '\\x'), seq, body) AND seq = place)
FROM (SELECT seq, body, hash, lag(hash) OVER w AS before, row_number() OVER w - 1 AS place FROM entries
      WINDOW w AS (ORDER BY seq)) AS chained
"""


def main():
    work, file, database, count, connection = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        payloads = [(line,) for line, _ in zip(lines, range(int(count)))]
    with psycopg.connect(f"{connection} dbname=postgres", autocommit=True) as db:
        db.execute("SET max_parallel_workers_per_gather = 0")
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {database}")
        db.execute(f"SET search_path = {database}, pg_catalog")
        if work != "verify":
            db.execute(TABLE)
        insert = "INSERT INTO entries (body) VALUES (%s)"
        begun = time.perf_counter()
        if work == "verify":
            found = db.execute(VERIFY).fetchone()
        elif work == "single":
            for payload in payloads:
                db.execute(insert, payload)
        else:
            for first in range(0, len(payloads), BATCH):
                with db.transaction(), db.cursor() as cursor:
                    cursor.executemany(insert, payloads[first : first + BATCH])
        taken = time.perf_counter() - begun
        if work == "verify":
            assert found == (len(payloads), True), found
    print(taken)


if __name__ == "__main__":
    main()
