-- How long personal data is kept, what was removed of it, and by which indexes it is found.

ALTER TABLE orders
    ADD COLUMN personal_data VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'whole'
        COMMENT 'what is left of it: whole; invoice: what the accounts need; none',
    ADD KEY orders_personal_data_idx (personal_data, status, created_at),
    ADD KEY orders_email_id_idx (email, id),
    ADD CONSTRAINT orders_personal_data_check CHECK (personal_data IN ('whole', 'invoice', 'none'));

ALTER TABLE webhook_inbox
    ADD KEY webhook_inbox_object_id_idx (object_id),
    ADD KEY webhook_inbox_applied_at_idx (applied_at);

ALTER TABLE checkout_sessions ADD KEY checkout_sessions_user_id_idx (user_id);

-- What the worker has removed of each class of data by age.
CREATE TABLE retention_classes (
    class      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    removed    BIGINT NOT NULL DEFAULT 0 COMMENT 'rows, ever',
    oldest_at  DATETIME(6) NULL COMMENT 'the age of the oldest row that is left; null where there is none',
    ran_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (class)
);

-- Whose personal data was removed by hand, by whom and why; added to only.
CREATE TABLE privacy_erasures (
    id            BIGINT NOT NULL AUTO_INCREMENT,
    subject_kind  VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject_hash  BINARY(32) NOT NULL COMMENT 'SHA-256 of kind:subject',
    actor         VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'cli:<account>',
    reason        VARCHAR(255) NOT NULL,
    erased_at     DATETIME(6) NOT NULL,
    skipped       INT NOT NULL COMMENT 'orders that were still open',
    counts        TEXT NOT NULL COMMENT 'rows by what they were',
    PRIMARY KEY (id),
    KEY privacy_erasures_subject_hash_idx (subject_hash, id),
    CONSTRAINT privacy_erasures_subject_kind_check CHECK (subject_kind IN ('customer', 'email')),
    CONSTRAINT privacy_erasures_counts_check CHECK (JSON_VALID(counts))
);
