-- A name for a session that is no secret, to list and revoke by; and what lets every process ask
-- several times a second which credentials have just ended.

ALTER TABLE sessions
    ADD COLUMN id BINARY(16) NOT NULL DEFAULT (RANDOM_BYTES(16)) COMMENT 'told to its user and to staff' FIRST,
    ADD UNIQUE KEY sessions_id_key (id),
    ADD KEY sessions_revoked_at_idx (revoked_at);

ALTER TABLE guest_tokens
    ADD KEY guest_tokens_revoked_at_idx (revoked_at);
