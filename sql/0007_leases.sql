-- Which process holds a lease, so that those of a process that died are free at once.

ALTER TABLE idempotency_keys
    ADD COLUMN leased_by VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'kind@host:pid' AFTER leased_until,
    ADD KEY idempotency_keys_leased_by_idx (leased_by);

ALTER TABLE outbox
    ADD COLUMN leased_by VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'kind@host:pid' AFTER leased_until,
    ADD KEY outbox_leased_by_idx (leased_by);

ALTER TABLE webhook_inbox
    ADD COLUMN leased_by VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'kind@host:pid' AFTER next_attempt_at,
    ADD KEY webhook_inbox_leased_by_idx (leased_by);
