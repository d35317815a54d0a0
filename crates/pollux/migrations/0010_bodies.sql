-- What was said in a call, for users of whom that is kept: one deflated JSON object, and when it goes.

CREATE TABLE bodies (
    call_id TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    user_id TEXT   NOT NULL,
    content BLOB   NOT NULL
);

CREATE INDEX bodies_by_time ON bodies (at);
