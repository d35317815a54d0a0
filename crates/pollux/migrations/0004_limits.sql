-- What a user may do and how much of it, as one JSON object: models, addresses, limits, priority, prompt injection.
-- Nothing ever asks for users by one of these; they are read together with the user.

ALTER TABLE users ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
