-- Refunds: money on its way back, the limit of a day, and the switch that stops them.

CREATE TABLE refunds (
    id                  BIGINT NOT NULL AUTO_INCREMENT,
    public_id           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id            BIGINT NOT NULL,
    payment_id          BIGINT NOT NULL,
    claim_id            BIGINT NULL COMMENT 'the idempotency key''s row it was asked for under',
    amount_minor        BIGINT NOT NULL,
    currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason              VARCHAR(500) NOT NULL,
    status              VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    provider_refund_id  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    provider_key        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'idempotency key of its creation, written before the call; null if made elsewhere',
    requested_by        VARCHAR(96) NOT NULL COMMENT 'staff:<id>, or stripe for one that was made there',
    attempts            INT NOT NULL DEFAULT 0 COMMENT 'calls to create it at the provider',
    first_attempt_at    DATETIME(6) NULL COMMENT 'since when the key is in use there',
    next_attempt_at     DATETIME(6) NULL COMMENT 'when the worker looks at it again; null once nothing is left to do',
    last_error          VARCHAR(64) NULL COMMENT 'a bounded word; null while a call is under way',
    failure_reason      VARCHAR(64) NULL COMMENT 'the provider''s word for a failed refund',
    review_reason       VARCHAR(64) NULL COMMENT 'a difference that was flagged, never swallowed',
    evidence            VARCHAR(1000) NULL,
    resolved_by         VARCHAR(96) NULL,
    resolved_at         DATETIME(6) NULL COMMENT 'ended by hand, for ever',
    version             BIGINT NOT NULL DEFAULT 1,
    created_at          DATETIME(6) NOT NULL,
    updated_at          DATETIME(6) NOT NULL,
    completed_at        DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY refunds_public_id_key (public_id),
    UNIQUE KEY refunds_claim_id_key (claim_id),
    UNIQUE KEY refunds_provider_refund_id_key (provider_refund_id),
    UNIQUE KEY refunds_provider_key_key (provider_key),
    KEY refunds_order_id_idx (order_id),
    KEY refunds_payment_id_idx (payment_id),
    KEY refunds_status_idx (status, id),
    CONSTRAINT refunds_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT refunds_status_check CHECK (status IN
        ('requested', 'pending', 'requires_action', 'succeeded', 'failed', 'cancelled', 'manual',
         'unknown')),
    CONSTRAINT refunds_amount_check CHECK (amount_minor > 0),
    CONSTRAINT refunds_origin_check CHECK (provider_key IS NOT NULL
        OR provider_refund_id IS NOT NULL),
    CONSTRAINT refunds_resolution_check CHECK ((resolved_at IS NULL) = (evidence IS NULL)
        AND (resolved_at IS NULL) = (resolved_by IS NULL)
        AND (resolved_at IS NULL OR status IN ('succeeded', 'failed')))
);

CREATE TABLE refund_lines (
    refund_id      BIGINT NOT NULL,
    line_position  INT NOT NULL COMMENT 'the order''s line, from 1',
    quantity       INT NOT NULL,
    amount_minor   BIGINT NOT NULL,
    PRIMARY KEY (refund_id, line_position),
    CONSTRAINT refund_lines_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds (id),
    CONSTRAINT refund_lines_quantity_check CHECK (quantity BETWEEN 1 AND 999),
    CONSTRAINT refund_lines_amount_check CHECK (amount_minor >= 0)
);

CREATE TABLE refund_days (
    day              DATE NOT NULL COMMENT 'in UTC',
    currency         CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    requested_minor  BIGINT NOT NULL COMMENT 'asked for on that day, whatever became of it',
    PRIMARY KEY (day, currency),
    CONSTRAINT refund_days_requested_check CHECK (requested_minor >= 0)
);

CREATE TABLE refund_switchings (
    id           BIGINT NOT NULL AUTO_INCREMENT,
    is_paused    BOOLEAN NOT NULL COMMENT 'of the last row: whether no refund is sent',
    reason       VARCHAR(255) NOT NULL,
    actor        VARCHAR(96) NOT NULL,
    switched_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (id)
);
