-- What operators say of keys, and what became of each of them. Tags stand between spaces (` blue spare `), so that one of
-- them is found by its own name only.

ALTER TABLE keys ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN tags TEXT NOT NULL DEFAULT '';

-- A turn in the life of a key, or of a project and with it of all its keys. The last hundred of each owner are kept.
CREATE TABLE turns (
    id       TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    owner    TEXT   NOT NULL,
    model    TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    until_ms BIGINT,
    reason   TEXT   NOT NULL,
    detail   TEXT   NOT NULL
);

CREATE INDEX turns_by_owner ON turns (owner, id);

CREATE INDEX turns_by_time ON turns (at);
