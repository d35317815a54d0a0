-- What calls used. Each call is told once, by the journal (`usage_marks` says how far it has been read); all times are
-- those at which calls began.

-- How far each journal has been taken over, written together with what was taken over.
CREATE TABLE usage_marks (
    journal  TEXT   NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- The usage of each call, kept for a month or so.
CREATE TABLE usage_events (
    id                TEXT   NOT NULL PRIMARY KEY,
    began_ms          BIGINT NOT NULL,
    user_id           TEXT   NOT NULL,
    project_id        TEXT   NOT NULL,
    key_id            TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    outcome           TEXT   NOT NULL,
    source            TEXT   NOT NULL,
    input_tokens      BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    output_tokens     BIGINT NOT NULL,
    thinking_tokens   BIGINT NOT NULL,
    tool_use_tokens   BIGINT NOT NULL,
    cost_microdollars BIGINT NOT NULL
);

CREATE INDEX usage_events_by_time ON usage_events (began_ms, id);
CREATE INDEX usage_events_by_user ON usage_events (user_id, began_ms);

-- Sums of an hour, kept. `first_h00` counts first events within 0.1 s, and so on up to `_h11`; `total_h00` whole calls.
CREATE TABLE usage_hours (
    hour              BIGINT NOT NULL,
    project_id        TEXT   NOT NULL,
    key_id            TEXT   NOT NULL,
    user_id           TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    outcome           TEXT   NOT NULL,
    calls             BIGINT NOT NULL,
    input_tokens      BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    output_tokens     BIGINT NOT NULL,
    thinking_tokens   BIGINT NOT NULL,
    tool_use_tokens   BIGINT NOT NULL,
    cost_microdollars BIGINT NOT NULL,
    first_ms          BIGINT NOT NULL,
    total_ms          BIGINT NOT NULL,
    first_h00         BIGINT NOT NULL,
    first_h01         BIGINT NOT NULL,
    first_h02         BIGINT NOT NULL,
    first_h03         BIGINT NOT NULL,
    first_h04         BIGINT NOT NULL,
    first_h05         BIGINT NOT NULL,
    first_h06         BIGINT NOT NULL,
    first_h07         BIGINT NOT NULL,
    first_h08         BIGINT NOT NULL,
    first_h09         BIGINT NOT NULL,
    first_h10         BIGINT NOT NULL,
    first_h11         BIGINT NOT NULL,
    total_h00         BIGINT NOT NULL,
    total_h01         BIGINT NOT NULL,
    total_h02         BIGINT NOT NULL,
    total_h03         BIGINT NOT NULL,
    total_h04         BIGINT NOT NULL,
    total_h05         BIGINT NOT NULL,
    total_h06         BIGINT NOT NULL,
    total_h07         BIGINT NOT NULL,
    total_h08         BIGINT NOT NULL,
    total_h09         BIGINT NOT NULL,
    total_h10         BIGINT NOT NULL,
    total_h11         BIGINT NOT NULL,
    PRIMARY KEY (hour, project_id, key_id, user_id, model, outcome)
);

-- The same sums seen from one side only (`all`, `project`, `key`, `user`, `model`), so that a month is summed up quickly.
CREATE TABLE usage_facets (
    facet             TEXT   NOT NULL,
    name              TEXT   NOT NULL,
    hour              BIGINT NOT NULL,
    outcome           TEXT   NOT NULL,
    calls             BIGINT NOT NULL,
    input_tokens      BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    output_tokens     BIGINT NOT NULL,
    thinking_tokens   BIGINT NOT NULL,
    tool_use_tokens   BIGINT NOT NULL,
    cost_microdollars BIGINT NOT NULL,
    first_ms          BIGINT NOT NULL,
    total_ms          BIGINT NOT NULL,
    first_h00         BIGINT NOT NULL,
    first_h01         BIGINT NOT NULL,
    first_h02         BIGINT NOT NULL,
    first_h03         BIGINT NOT NULL,
    first_h04         BIGINT NOT NULL,
    first_h05         BIGINT NOT NULL,
    first_h06         BIGINT NOT NULL,
    first_h07         BIGINT NOT NULL,
    first_h08         BIGINT NOT NULL,
    first_h09         BIGINT NOT NULL,
    first_h10         BIGINT NOT NULL,
    first_h11         BIGINT NOT NULL,
    total_h00         BIGINT NOT NULL,
    total_h01         BIGINT NOT NULL,
    total_h02         BIGINT NOT NULL,
    total_h03         BIGINT NOT NULL,
    total_h04         BIGINT NOT NULL,
    total_h05         BIGINT NOT NULL,
    total_h06         BIGINT NOT NULL,
    total_h07         BIGINT NOT NULL,
    total_h08         BIGINT NOT NULL,
    total_h09         BIGINT NOT NULL,
    total_h10         BIGINT NOT NULL,
    total_h11         BIGINT NOT NULL,
    PRIMARY KEY (facet, name, hour, outcome)
);

CREATE INDEX usage_facets_by_hour ON usage_facets (facet, hour);

-- Who asked what when, and what became of it; no content.
CREATE TABLE requests (
    id                TEXT   NOT NULL PRIMARY KEY,
    began_ms          BIGINT NOT NULL,
    ended_ms          BIGINT NOT NULL,
    user_id           TEXT   NOT NULL,
    surface           TEXT   NOT NULL,
    model_asked       TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    model_served      TEXT   NOT NULL,
    streamed          BIGINT NOT NULL,
    project_id        TEXT   NOT NULL,
    key_id            TEXT   NOT NULL,
    attempts          BIGINT NOT NULL,
    decision          TEXT   NOT NULL,
    outcome           TEXT   NOT NULL,
    status            BIGINT NOT NULL,
    ending            TEXT   NOT NULL,
    source            TEXT   NOT NULL,
    input_tokens      BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    output_tokens     BIGINT NOT NULL,
    thinking_tokens   BIGINT NOT NULL,
    tool_use_tokens   BIGINT NOT NULL,
    cost_microdollars BIGINT NOT NULL,
    prepared_ms       BIGINT NOT NULL,
    queued_ms         BIGINT NOT NULL,
    upstream_ms       BIGINT NOT NULL,
    first_event_ms    BIGINT,
    total_ms          BIGINT NOT NULL,
    client_address    TEXT   NOT NULL,
    client_agent      TEXT   NOT NULL
);

CREATE INDEX requests_by_time ON requests (began_ms, id);
CREATE INDEX requests_by_user ON requests (user_id, began_ms, id);
CREATE INDEX requests_by_key ON requests (key_id, began_ms, id);
CREATE INDEX requests_by_project ON requests (project_id, began_ms, id);
CREATE INDEX requests_by_model ON requests (model, began_ms, id);
CREATE INDEX requests_by_outcome ON requests (outcome, began_ms, id);

-- Each request to Google that a call took.
CREATE TABLE attempts (
    call_id     TEXT   NOT NULL,
    ordinal     BIGINT NOT NULL,
    began_ms    BIGINT NOT NULL,
    project_id  TEXT   NOT NULL,
    key_id      TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    status      BIGINT NOT NULL,
    elapsed_ms  BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    counted     BIGINT NOT NULL,
    PRIMARY KEY (call_id, ordinal)
);

CREATE INDEX attempts_by_time ON attempts (began_ms, call_id, ordinal);
CREATE INDEX attempts_by_key ON attempts (key_id, began_ms, call_id, ordinal);
CREATE INDEX attempts_by_project ON attempts (project_id, began_ms, call_id, ordinal);
CREATE INDEX attempts_by_outcome ON attempts (outcome, began_ms, call_id, ordinal);
