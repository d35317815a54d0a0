-- Operators with a name and a password, their sessions, and what they did.
-- `alias` is the name as it is compared; a deleted operator has none, so that the name is free again.

CREATE TABLE operators (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    alias      TEXT   UNIQUE,
    role       TEXT   NOT NULL,
    password   TEXT   NOT NULL,
    enabled    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    seen_at    BIGINT,
    deleted_at BIGINT
);

-- A session of the admin token has the operator ''.
CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    lookup       BLOB   NOT NULL UNIQUE,
    operator_id  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    address      TEXT   NOT NULL,
    agent        TEXT   NOT NULL
);

CREATE INDEX sessions_by_operator ON sessions (operator_id, id);

CREATE INDEX sessions_by_seen ON sessions (seen_at);

CREATE TABLE audit (
    id       TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    operator TEXT   NOT NULL,
    via      TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    status   BIGINT NOT NULL,
    changes  TEXT   NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);

CREATE INDEX audit_by_operator ON audit (operator, id);

CREATE INDEX audit_by_object ON audit (object, id);

CREATE INDEX audit_by_action ON audit (action, id);
