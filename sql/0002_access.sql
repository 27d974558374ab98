-- Sessions, guest tokens and idempotency keys. Tokens are stored as SHA-256 only.

CREATE TABLE sessions (
    token_hash    BINARY(32) NOT NULL,
    user_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    roles         SET('customer', 'support', 'finance', 'admin', 'service') NOT NULL,
    created_at    DATETIME(6) NOT NULL,
    last_used_at  DATETIME(6) NULL,
    expires_at    DATETIME(6) NOT NULL,
    revoked_at    DATETIME(6) NULL,
    PRIMARY KEY (token_hash),
    KEY sessions_user_id_idx (user_id),
    KEY sessions_expires_at_idx (expires_at),
    CONSTRAINT sessions_roles_check CHECK (roles <> ''),
    CONSTRAINT sessions_times_check CHECK (created_at < expires_at)
);

CREATE TABLE guest_tokens (
    token_hash   BINARY(32) NOT NULL,
    order_id     BIGINT NOT NULL,
    scopes       SET('view', 'pay', 'invoice', 'manage') NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NOT NULL,
    revoked_at   DATETIME(6) NULL COMMENT 'may lie ahead: a rotated token dies after an overlap',
    PRIMARY KEY (token_hash),
    KEY guest_tokens_order_id_idx (order_id),
    KEY guest_tokens_expires_at_idx (expires_at),
    CONSTRAINT guest_tokens_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT guest_tokens_scopes_check CHECK (scopes <> ''),
    CONSTRAINT guest_tokens_times_check CHECK (created_at < expires_at)
);

CREATE TABLE idempotency_keys (
    id              BIGINT NOT NULL AUTO_INCREMENT,
    principal       VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    route           VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    idempotency_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    fingerprint     BINARY(32) NOT NULL COMMENT 'SHA-256 of method, path and body',
    fence           BIGINT NOT NULL DEFAULT 1 COMMENT 'raised by every claim; checked by every UPDATE',
    leased_until    DATETIME(6) NULL,
    recovery_point  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id        BIGINT NULL,
    response_status SMALLINT NULL,
    response        MEDIUMBLOB NULL COMMENT 'sealed with AES-GCM',
    created_at      DATETIME(6) NOT NULL,
    expires_at      DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY idempotency_keys_scope_key (principal, route, idempotency_key),
    KEY idempotency_keys_expires_at_idx (expires_at),
    CONSTRAINT idempotency_keys_response_check CHECK ((response IS NULL) = (response_status IS NULL))
);
