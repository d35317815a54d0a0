-- Private users, users' shares, and limits that an operator declares beside those that Google taught.

ALTER TABLE users ADD COLUMN private BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;

-- The same table with `provenance` in its key, so that what is learned does not replace what is declared.
CREATE TABLE limits_by_source (
    project_id TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    measure    TEXT   NOT NULL,
    span       TEXT   NOT NULL,
    provenance TEXT   NOT NULL,
    value      BIGINT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, model, measure, span, provenance)
);

INSERT INTO limits_by_source (project_id, model, measure, span, provenance, value, learned_at)
    SELECT project_id, model, measure, span, provenance, value, learned_at FROM limits;

DROP TABLE limits;

ALTER TABLE limits_by_source RENAME TO limits;
