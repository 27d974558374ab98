-- Decisions of the fraud checks with what they were made of, and reviews by people. Addresses,
-- e-mail addresses and networks stand here as keyed hashes only, to be counted by.

CREATE TABLE fraud_decisions (
    id                  BIGINT NOT NULL AUTO_INCREMENT,
    stage               VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    outcome             VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    score               INT NOT NULL,
    document            TEXT NOT NULL COMMENT 'version, inputs, reasons and thresholds',
    order_id            BIGINT NULL COMMENT 'no foreign key: an order that was blocked or discarded has no row',
    checkout_session_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    session_version     BIGINT NULL,
    payment_method      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    email_hash          BINARY(16) NULL,
    network_hash        BINARY(16) NULL,
    delivery_hash       BINARY(16) NULL,
    decided_at          DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY fraud_decisions_order_id_idx (order_id, id),
    KEY fraud_decisions_checkout_session_id_idx (checkout_session_id, id),
    KEY fraud_decisions_email_hash_idx (email_hash, decided_at),
    KEY fraud_decisions_network_hash_idx (network_hash, decided_at),
    KEY fraud_decisions_delivery_hash_idx (delivery_hash, decided_at),
    KEY fraud_decisions_decided_at_idx (decided_at, stage, outcome),
    CONSTRAINT fraud_decisions_stage_check CHECK (stage IN ('checkout', 'settlement')),
    CONSTRAINT fraud_decisions_outcome_check CHECK (outcome IN ('allow', 'review')
        OR outcome = 'block' AND stage = 'checkout' AND order_id IS NULL),
    CONSTRAINT fraud_decisions_score_check CHECK (score >= 0),
    CONSTRAINT fraud_decisions_document_check CHECK (JSON_VALID(document))
);

CREATE TABLE fraud_reviews (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    order_id       BIGINT NOT NULL,
    decision_id    BIGINT NOT NULL COMMENT 'the decision that asked for it',
    status         VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    opened_at      DATETIME(6) NOT NULL,
    due_at         DATETIME(6) NULL COMMENT 'when it is rejected by itself; NULL once the money is taken',
    decided_at     DATETIME(6) NULL,
    decided_by     VARCHAR(96) NULL,
    reason         VARCHAR(1000) NULL,
    live_order_id  BIGINT AS (IF(status = 'waiting', order_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY fraud_reviews_live_order_id_key (live_order_id),
    KEY fraud_reviews_order_id_idx (order_id, id),
    KEY fraud_reviews_status_idx (status, id),
    KEY fraud_reviews_due_at_idx (status, due_at),
    CONSTRAINT fraud_reviews_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT fraud_reviews_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES fraud_decisions (id),
    CONSTRAINT fraud_reviews_status_check CHECK (status IN
        ('waiting', 'approved', 'rejected', 'timed_out', 'lapsed')),
    CONSTRAINT fraud_reviews_decided_check CHECK ((status = 'waiting') = (decided_at IS NULL)
        AND (status = 'waiting') = (decided_by IS NULL))
);

-- The card of a charge, in the provider's words; `outcome` is there since the beginning.
ALTER TABLE payment_attempts
    ADD COLUMN card_fingerprint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN card_country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NULL;
