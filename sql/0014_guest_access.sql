-- What a guest's token came from and who ended it, the record of its use, and the look-ups by number
-- and e-mail address that wait for the worker.

ALTER TABLE guest_tokens
    ADD COLUMN origin VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'completion' COMMENT 'completion, rotation or link',
    ADD COLUMN revoked_by VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'guest, rotation, a user of the shop''s, or cli:<account>',
    ADD CONSTRAINT guest_tokens_origin_check CHECK (origin IN ('completion', 'rotation', 'link'));

CREATE TABLE guest_accesses (
    id           BIGINT NOT NULL AUTO_INCREMENT,
    order_id     BIGINT NOT NULL COMMENT 'no foreign key: writing a batch must not wait for the lock of an order',
    event        VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token_hash   BINARY(32) NULL COMMENT 'null for look-ups',
    route        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'method and pattern',
    network      VARCHAR(43) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the address, an IPv6 one as its /64',
    accessed_at  DATETIME(6) NOT NULL,
    minute       BIGINT NOT NULL COMMENT 'of accessed_at, since 1970; a token and route have one row in it',
    PRIMARY KEY (id),
    UNIQUE KEY guest_accesses_token_hash_route_minute_key (token_hash, route, minute),
    KEY guest_accesses_order_id_idx (order_id, id),
    KEY guest_accesses_accessed_at_idx (accessed_at),
    CONSTRAINT guest_accesses_event_check CHECK (event IN ('token_used', 'looked_up', 'lookup_mismatched', 'link_issued'))
);

-- Every look-up is such a row, whether or not there is such an order: the route that adds it does
-- not find out.
CREATE TABLE guest_lookups (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    public_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_number   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'empty for what is no order''s number',
    email_digest   BINARY(32) NOT NULL COMMENT 'HMAC-SHA-256 of the address in one spelling',
    network        VARCHAR(43) CHARACTER SET ascii COLLATE ascii_bin NULL,
    requested_at   DATETIME(6) NOT NULL,
    expires_at     DATETIME(6) NOT NULL,
    resolved_at    DATETIME(6) NULL,
    order_id       BIGINT NULL COMMENT 'of which a link may be issued; null unless number and address belong together',
    link_issued_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY guest_lookups_public_id_key (public_id),
    KEY guest_lookups_resolved_at_idx (resolved_at, id),
    KEY guest_lookups_expires_at_idx (expires_at),
    CONSTRAINT guest_lookups_times_check CHECK (requested_at < expires_at),
    CONSTRAINT guest_lookups_order_check CHECK (order_id IS NULL OR resolved_at IS NOT NULL),
    CONSTRAINT guest_lookups_link_check CHECK (link_issued_at IS NULL OR order_id IS NOT NULL)
);
