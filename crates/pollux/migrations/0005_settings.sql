-- Settings are changed as a whole: each version holds every stored value, so that any of them can be brought back.

DROP TABLE settings;

CREATE TABLE settings_versions (
    version BIGINT NOT NULL PRIMARY KEY,
    made_at BIGINT NOT NULL,
    author  TEXT   NOT NULL,
    note    TEXT   NOT NULL,
    stored  TEXT   NOT NULL,
    changes TEXT   NOT NULL
);
