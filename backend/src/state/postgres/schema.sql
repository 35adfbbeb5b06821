-- What nodes remember together, as of format 1. All of it lies in one schema of its own.
CREATE SCHEMA IF NOT EXISTS keyward;

CREATE TABLE IF NOT EXISTS keyward.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL,
    -- The database system and its timeline: another one after a fail-over or a recovery.
    server text NOT NULL,
    servers bigint NOT NULL,
    lost bigint NOT NULL,
    counts bigint NOT NULL,
    nonces bigint NOT NULL,
    cells bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS keyward.nonces (name bytea PRIMARY KEY, given bigint NOT NULL);
CREATE INDEX IF NOT EXISTS nonces_given ON keyward.nonces (given);

CREATE TABLE IF NOT EXISTS keyward.cells (
    name bytea PRIMARY KEY,
    value bytea NOT NULL,
    keep_until bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS cells_keep_until ON keyward.cells (keep_until);

CREATE TABLE IF NOT EXISTS keyward.serials (
    name bytea PRIMARY KEY,
    servers bigint NOT NULL,
    next bigint NOT NULL
);

-- Is this the server that wrote last? The first who connects to another raises the floors.
CREATE OR REPLACE FUNCTION keyward.adopt(here text, floor bigint) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    held keyward.state;
BEGIN
    PERFORM pg_advisory_xact_lock(5417731);
    SELECT * INTO held FROM keyward.state;
    IF NOT FOUND THEN
        INSERT INTO keyward.state VALUES (true, 1, here, 1, floor, 0, 0, 0);
        RETURN 1;
    END IF;
    IF held.format = 1 AND held.server <> here THEN
        UPDATE keyward.state SET server = here, servers = held.servers + 1,
            lost = greatest(held.lost, floor), counts = greatest(held.counts, floor);
    END IF;
    RETURN held.format;
END $$;

-- The former one took a request to be good as long as its cell is kept.
DROP FUNCTION IF EXISTS keyward.mark(
    bigint, bytea, bigint, bytea[], bigint[], bigint[], bytea[], bytea[]
);

-- Checks and marks. What is refused after something was written is raised, so that all of it is
-- undone.
CREATE OR REPLACE FUNCTION keyward.mark(
    mark_made bigint, nonce bytea, given bigint,
    names bytea[], began bigint[], good bigint[], keep bigint[], was bytea[], becomes bytea[]
) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    held keyward.state;
    cells integer := coalesce(array_length(names, 1), 0);
BEGIN
    -- Floors rise only while nobody marks.
    PERFORM pg_advisory_xact_lock_shared(5417731);
    SELECT * INTO STRICT held FROM keyward.state;
    IF mark_made <= held.lost OR (nonce IS NOT NULL AND given <= held.nonces) THEN
        RETURN -2;
    END IF;
    FOR i IN 1..cells LOOP
        IF began[i] <= held.counts OR good[i] <= held.cells THEN
            RETURN i;
        END IF;
    END LOOP;
    IF nonce IS NOT NULL THEN
        INSERT INTO keyward.nonces VALUES (nonce, given) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN -1;
        END IF;
    END IF;
    FOR i IN 1..cells LOOP
        IF length(was[i]) = 0 THEN
            INSERT INTO keyward.cells VALUES (names[i], becomes[i], keep[i]) ON CONFLICT DO NOTHING;
        ELSE
            UPDATE keyward.cells SET value = becomes[i], keep_until = keep[i]
                WHERE name = names[i] AND value = was[i];
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a cell has changed' USING ERRCODE = 'KW001';
        END IF;
    END LOOP;
    RETURN 0;
END $$;

-- Drops some of what is over, behind floors that have risen.
CREATE OR REPLACE FUNCTION keyward.sweep(now_is bigint, over bigint, at_most integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    nonces_to bigint;
    cells_to bigint;
    dropped bigint;
    more bigint;
BEGIN
    SELECT max(first.given) INTO nonces_to FROM
        (SELECT given FROM keyward.nonces WHERE given <= over
            ORDER BY given LIMIT at_most) AS first;
    SELECT max(first.keep_until) INTO cells_to FROM
        (SELECT keep_until FROM keyward.cells WHERE keep_until <= now_is
            ORDER BY keep_until LIMIT at_most) AS first;
    IF nonces_to IS NULL AND cells_to IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(5417731);
    UPDATE keyward.state
        SET nonces = greatest(nonces, nonces_to), cells = greatest(cells, cells_to);
    DELETE FROM keyward.nonces WHERE given <= nonces_to;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    DELETE FROM keyward.cells WHERE keep_until <= cells_to;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN dropped + more;
END $$;

-- Reserves serials; null where they would run ahead of the time.
CREATE OR REPLACE FUNCTION keyward.reserve(
    serial_of bytea, from_on bigint, wanted bigint, leap bigint, before bigint
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    now_servers bigint;
    start bigint;
BEGIN
    SELECT servers INTO STRICT now_servers FROM keyward.state;
    INSERT INTO keyward.serials VALUES (serial_of, now_servers, 0) ON CONFLICT DO NOTHING;
    SELECT greatest(from_on, next + CASE WHEN servers = now_servers THEN 0 ELSE leap END)
        INTO STRICT start FROM keyward.serials WHERE name = serial_of FOR UPDATE;
    IF start + wanted > before THEN
        RETURN NULL;
    END IF;
    UPDATE keyward.serials SET servers = now_servers, next = start + wanted WHERE name = serial_of;
    RETURN start;
END $$;
