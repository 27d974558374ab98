-- Events that never came by webhook are caught up with; disputes and warnings of fraud are kept;
-- money in doubt is found by index.

ALTER TABLE webhook_inbox
    ADD COLUMN source VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'webhook'
        COMMENT 'a caught-up payload is the event as Stripe''s list has it' AFTER event_id,
    ADD CONSTRAINT webhook_inbox_source_check CHECK (source IN ('webhook', 'catch_up'));

CREATE TABLE catch_up (
    source        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    read_to       DATETIME(6) NOT NULL COMMENT 'the inbox has all events that were made before this',
    window_to     DATETIME(6) NULL COMMENT 'where the stretch ends that is being read',
    page_after    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the last event that was stored of it; older ones follow',
    gaps          BIGINT NOT NULL DEFAULT 0 COMMENT 'events that did not come by webhook, ever',
    fence         BIGINT NOT NULL DEFAULT 1 COMMENT 'raised by every lease; checked by every UPDATE',
    next_run_at   DATETIME(6) NOT NULL,
    leased_until  DATETIME(6) NULL,
    leased_by     VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'kind@host:pid',
    last_error    VARCHAR(255) NULL,
    PRIMARY KEY (source),
    CONSTRAINT catch_up_source_check CHECK (source IN ('stripe')),
    CONSTRAINT catch_up_window_check CHECK (window_to IS NULL OR window_to > read_to),
    CONSTRAINT catch_up_page_check CHECK (page_after IS NULL OR window_to IS NOT NULL)
);

CREATE TABLE payment_disputes (
    id                   BIGINT NOT NULL AUTO_INCREMENT,
    dispute_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_id           BIGINT NOT NULL,
    charge_id            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_minor         BIGINT NOT NULL,
    currency             CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason               VARCHAR(64) NOT NULL,
    status               VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    evidence_due_at      DATETIME(6) NULL,
    opened_at            DATETIME(6) NOT NULL COMMENT 'at Stripe',
    closed_at            DATETIME(6) NULL COMMENT 'when we learnt of its end',
    funds_withdrawn_at   DATETIME(6) NULL COMMENT 'when we learnt of it',
    funds_reinstated_at  DATETIME(6) NULL COMMENT 'when we learnt of it',
    version              BIGINT NOT NULL DEFAULT 1,
    created_at           DATETIME(6) NOT NULL,
    updated_at           DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY payment_disputes_dispute_id_key (dispute_id),
    KEY payment_disputes_payment_id_idx (payment_id),
    CONSTRAINT payment_disputes_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT payment_disputes_status_check CHECK (status IN
        ('warning_needs_response', 'warning_under_review', 'needs_response', 'under_review',
         'warning_closed', 'prevented', 'lost', 'won')),
    CONSTRAINT payment_disputes_amount_check CHECK (amount_minor >= 0)
);

CREATE TABLE fraud_warnings (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    warning_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_id     BIGINT NOT NULL,
    charge_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fraud_type     VARCHAR(64) NOT NULL,
    is_actionable  BOOLEAN NOT NULL COMMENT 'neither disputed nor refunded in full; never true again',
    warned_at      DATETIME(6) NOT NULL COMMENT 'at Stripe',
    cleared_at     DATETIME(6) NULL COMMENT 'when somebody decided to send the goods all the same',
    created_at     DATETIME(6) NOT NULL,
    updated_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY fraud_warnings_warning_id_key (warning_id),
    KEY fraud_warnings_payment_id_idx (payment_id),
    CONSTRAINT fraud_warnings_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id)
);

-- Why a payment is in doubt; NULL for all but a few.
ALTER TABLE payments
    ADD COLUMN doubt VARCHAR(14) CHARACTER SET ascii COLLATE ascii_bin AS (CASE
        WHEN is_void THEN IF(status IN ('failed', 'cancelled'), NULL, 'void')
        WHEN status = 'unknown' THEN 'unknown'
        WHEN status = 'requires_retry' AND attempts > 0 THEN 'requires_retry'
        WHEN review_reason IS NOT NULL AND status NOT IN ('failed', 'cancelled', 'refunded')
            THEN 'review'
        END) PERSISTENT,
    ADD KEY payments_doubt_idx (doubt, id);

ALTER TABLE reservations ADD KEY reservations_status_id_idx (status, id);
