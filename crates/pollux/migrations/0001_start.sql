-- Times are milliseconds since 1970, truth values 0 or 1, both BIGINT, so that this text serves SQLite and PostgreSQL
-- (where the runner says BYTEA for BLOB). Statements end with a semicolon at the end of a line.
-- A deleted row keeps its id and hint, so that usage can still be told apart; its secret and hash are gone.

CREATE TABLE projects (
    id            TEXT   NOT NULL PRIMARY KEY,
    label         TEXT   UNIQUE,
    google_number TEXT,
    tier          TEXT   NOT NULL,
    weight        BIGINT NOT NULL,
    priority      BIGINT NOT NULL,
    enabled       BIGINT NOT NULL,
    notes         TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

CREATE TABLE keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    project_id   TEXT   NOT NULL REFERENCES projects (id) DEFERRABLE INITIALLY DEFERRED,
    sealed       BLOB,
    lookup       BLOB   UNIQUE,
    hint         TEXT   NOT NULL,
    label        TEXT   NOT NULL,
    enabled      BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    state_reason TEXT   NOT NULL,
    state_since  BIGINT NOT NULL,
    origin       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT
);

CREATE INDEX keys_by_project ON keys (project_id, id);

CREATE TABLE users (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    lookup       BLOB   UNIQUE,
    hint         TEXT   NOT NULL,
    enabled      BIGINT NOT NULL,
    expires_at   BIGINT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT
);

CREATE TABLE settings (
    name       TEXT   NOT NULL PRIMARY KEY,
    value      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT   NOT NULL
);

CREATE TABLE buckets (
    project_id TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    day        TEXT   NOT NULL,
    requests   BIGINT NOT NULL,
    tokens     BIGINT NOT NULL,
    PRIMARY KEY (day, project_id, model)
);

CREATE TABLE limits (
    project_id TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    measure    TEXT   NOT NULL,
    span       TEXT   NOT NULL,
    value      BIGINT NOT NULL,
    provenance TEXT   NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, model, measure, span)
);

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
