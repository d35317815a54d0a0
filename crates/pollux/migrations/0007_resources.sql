-- What users have at Google: files, caches, batches, stores. Each lives in one project, and only its owner may see it.
-- Upload sessions are kept by the hash of their id, which is all that is needed to write into them.

CREATE TABLE resources (
    name       TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    project_id TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (name, user_id)
);

CREATE INDEX resources_by_user ON resources (user_id, kind, created_at, name);

CREATE INDEX resources_by_project ON resources (project_id, kind);

CREATE INDEX resources_by_expiry ON resources (expires_at);
